/** How far the server's clock is ahead of this one's; times of events are its. */
let aheadMs = 0

/** A `Date` is cut to its second, and was on its way. */
const NOTICED_MS = 2000

/** From the `Date` of an answer that has just come. */
export function hearServerTime(date: string | null): void {
  const ms = Date.parse(date ?? '') - Date.now()
  aheadMs = Math.abs(ms) > NOTICED_MS ? ms : 0
}

export const serverNowMs = () => Date.now() + aheadMs
