import { autoPage, createAirhop } from 'airhop'

/** Once for the app. A page call is made for each view, and none has to be written. */
export const airhop = createAirhop({
  key: import.meta.env.VITE_AIRHOP_KEY,
  host: import.meta.env.VITE_AIRHOP_HOST,
  use: [autoPage()],
})
