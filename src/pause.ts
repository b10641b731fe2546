import { backoffMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import { RETRY_AFTER_MAX_MS } from './limits.ts'
import type { Cell } from './storage.ts'

/** How long nothing is sent after failures. Kept where all tabs of the origin and later pages read it. */
export interface Pause {
  failures(): number
  /** 0: sending is open. */
  leftMs(): number
  /** True while the server itself has asked for the pause. */
  asked(): boolean
  fail(retryAfterMs?: number): void
  pass(): void
  /** The network is back: tries at once, unless the server has asked for the pause. */
  hurry(): void
}

export const openPause = (cell: Cell, clock: Clock): Pause => {
  // until (ms since 1970), failures in a row, 1 if the server asked
  const read = () => (cell.read() || '').split(' ').map(Number)
  const failures = () => read()[1] || 0
  const asked = () => !!read()[2]

  return {
    failures,
    asked,
    // Bounded, because the clock may have been set back since.
    leftMs: () => Math.min(RETRY_AFTER_MAX_MS, Math.max(0, read()[0]! - clock.now() || 0)),
    fail(retryAfterMs = 0) {
      const count = failures() + 1
      const wait = Math.max(retryAfterMs, backoffMs(count, clock.random()))
      cell.write(`${clock.now() + wait} ${count} ${retryAfterMs ? 1 : 0}`)
    },
    pass() {
      if (failures()) cell.write('0')
    },
    hurry() {
      if (!asked()) cell.write(`0 ${failures()}`)
    },
  }
}
