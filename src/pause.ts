import { CLOCK_SKEW_MS, RETRY_AFTER_MAX_MS } from './limits.ts'
import { read, write } from './storage.ts'

/** How long nobody sends, of all tabs and later pages; kept under the key. */
export const openPause = (key: string) => {
  /** Since when, for how long in ms (negative if the server has asked for it), and how many tries in a row have failed. */
  const readPause = () => `${read(key)},,`.split(',').map((part) => +part || 0) as [number, number, number]
  const leftMs = () => {
    const [since, ms] = readPause()
    const passed = Date.now() - since
    // The clock may have been set back since.
    return passed < -CLOCK_SKEW_MS ? 0 : Math.max(0, Math.min(RETRY_AFTER_MAX_MS, Math.abs(ms)) - passed)
  }
  /** What is left of what the server has asked for. */
  const askedMs = () => (readPause()[1] < 0 ? leftMs() : 0)
  return {
    read: readPause,
    leftMs,
    askedMs,
    /** From now on, but not shorter than the server has asked for: requests of several tabs may be under way. */
    set(ms: number, failures: number) {
      const asked = askedMs()
      write(key, `${[Date.now(), asked > Math.abs(ms) ? -asked : ms, failures]}`)
    },
  }
}
