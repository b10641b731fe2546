import { CLOCK_SKEW_MS } from './limits.ts'
import { read, write } from './storage.ts'

/** How long nobody sends, of all tabs and later pages; kept under the key. */
export const openPause = (key: string) => {
  /** Since when, for how long in ms (negative if the server has asked for it), and how many tries in a row have failed. */
  const readPause = () => (read(key) || '0,0,0').split(',').map(Number) as [number, number, number]
  return {
    read: readPause,
    /** From now on. */
    set: (ms: number, failures: number) => write(key, `${[Date.now(), ms, failures]}`),
    leftMs() {
      const [since, ms] = readPause()
      const passed = Date.now() - since
      // The clock may have been set back since.
      return passed < -CLOCK_SKEW_MS ? 0 : Math.max(0, Math.abs(ms) - passed)
    },
  }
}
