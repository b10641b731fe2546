'use client'

import { autoPage, createAirhop } from 'airhop'

/** Once for the app: on the server it does nothing, in the browser a page call is made for each view. */
export const airhop = createAirhop({
  key: process.env.NEXT_PUBLIC_AIRHOP_KEY,
  host: process.env.NEXT_PUBLIC_AIRHOP_HOST,
  use: [autoPage()],
})

export function Star({ title }) {
  return (
    <button type="button" onClick={() => airhop.track('project_starred', { title })}>
      Star
    </button>
  )
}
