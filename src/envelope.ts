import type { Clock } from './clock.ts'
import type { Identity } from './identity.ts'
import { describeCampaign, describePage, type Page, pageFingerprint } from './page.ts'
import { VERSION } from './version.ts'

/** What events have in common: write key, identity and context. Made once, and anew when one of them changes. */
export interface Envelope {
  /** Start of the id of each of its events. */
  id: string
  /** Its JSON without the closing brace: `sentAt` and `batch` follow when it is sent. */
  head: string
  /** How many of its events wait in the journal. */
  waiting: number
}

const RADIX = 36
const START_DIGITS = 8
const COUNTER_DIGITS = 7

/** When the event of this id was made, by the clock of its page, in ms since 1970. */
export const madeAt = (id: string): number =>
  parseInt(id.slice(0, START_DIGITS), RADIX) + parseInt(id.slice(-COUNTER_DIGITS), RADIX)

/** The envelope that an event's id begins with. */
export const envelopeOf = (id: string): string => id.slice(0, -COUNTER_DIGITS - 1)

/** Gives the id and the envelope for an event made now, and the page it tells of. */
export const openEnvelopes = (writeKey: string, clock: Clock) => {
  let identity: Identity | undefined
  let fingerprint: string
  let page: Page
  let envelope: Envelope
  let start: number
  let last = 0
  // ms since 1970, but never the same twice and never going back: it is counter and clock in one.
  const tick = () => (last = Math.max(last + 1, clock.now()))

  return (who: Identity) => {
    const print = pageFingerprint()
    if (identity !== who || fingerprint !== print) {
      identity = who
      fingerprint = print
      page = describePage()
      start = tick()
      const context = {
        page,
        locale: navigator.language,
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        campaign: describeCampaign(),
        library: { name: 'airhop', version: VERSION },
      }
      envelope = {
        // 36^5 to 36^6 without the first digit: always five digits.
        id:
          start.toString(RADIX) +
          Math.floor((1 + clock.random()) * RADIX ** 5)
            .toString(RADIX)
            .slice(1),
        head: JSON.stringify({ writeKey, ...who, context }).slice(0, -1),
        waiting: 0,
      }
    }
    const counter = (tick() - start).toString(RADIX).padStart(COUNTER_DIGITS, '0')
    return { id: `${envelope.id}-${counter}`, envelope, page }
  }
}
