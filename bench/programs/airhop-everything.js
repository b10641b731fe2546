import { autoPage, createAirhop, sharedId } from 'airhop'

export const start = (collector) => {
  const airhop = createAirhop({ key: 'wk_bench', host: collector, use: [sharedId({ domain: 'auto' }), autoPage()] })
  return (event, properties) => airhop.track(event, properties)
}
