import { RETRY_MAX_MS, RETRY_MIN_MS } from './limits.ts'

/** Wait after a failure that has `failures` before it in a row (0, 1, …) in ms: doubling, with full jitter by `random` (0 ≤ random < 1). */
export const backoffMs = (failures: number, random: number): number =>
  Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures) * random

/**
 * What a `Retry-After` header asks for, in ms from now: seconds or an HTTP date
 * (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). 0 when there is none, or none that can be read.
 */
export const retryAfterMs = (header: string | null): number =>
  Math.max(0, +header! * 1000 || Date.parse(header!) - Date.now() || 0)
