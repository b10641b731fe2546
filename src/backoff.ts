import { RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts'

/** Wait after the `failures`-th failure in a row (1, 2, …) in ms: doubling, with full jitter by `random` (0 ≤ random < 1). */
export const backoffMs = (failures: number, random: number): number =>
  random * Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1))

/**
 * What a `Retry-After` header asks for, in ms from `now`: seconds or an HTTP date
 * (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). 0 when there is none, or none that can be read.
 */
export const retryAfterMs = (header: string | null, now: number): number =>
  Math.max(0, +header! * 1000 || Date.parse(header!) - now || 0)
