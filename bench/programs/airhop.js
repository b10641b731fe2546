import { createAirhop } from 'airhop'

export const start = (collector) => {
  const airhop = createAirhop({ key: 'wk_bench', host: collector })
  return (event, properties) => airhop.track(event, properties)
}
