import type { QueuedCall } from './calls.ts'
import { attempt } from './storage.ts'

/** The calls by name, as a stub's queue holds them. */
export type Methods = Record<string, ((...args: unknown[]) => unknown) | undefined>

/** Makes the calls that were queued. One that is not there is said once. */
export const replay = (airhop: object, queued: QueuedCall[], log: (...line: unknown[]) => void): void => {
  const methods = airhop as Methods
  // What is no call costs itself only.
  for (const call of queued)
    attempt(() => {
      // Segment's stub adds the page to the arguments: https://github.com/segmentio/analytics-next `__t: 'bpc'`
      const [method, ...args] = [...call].filter((part) => (part as { __t?: unknown } | null)?.__t !== 'bpc') as [
        string,
      ]
      if (!methods[method]) {
        log(`there is no ${method}`)
        methods[method] = () => {}
      }
      const value = methods[method](...args)
      // The calls of airhop's stub carry `r`, which resolves the promise that their caller holds.
      call.r?.(value)
    })
}
