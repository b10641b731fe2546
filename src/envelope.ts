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
/** Of a time in ms since 1970, from 1972 to 2059. */
const TIME_DIGITS = 8

/** When the event of this id was made, by the clock of its page, in ms since 1970. */
export const madeAt = (id: string): number => parseInt(id.slice(-TIME_DIGITS), RADIX)

/** The envelope that an event's id begins with. */
export const envelopeOf = (id: string): string => id.slice(0, -TIME_DIGITS - 1)

/** Gives the id and the envelope for an event made now, and the page it tells of. */
export const openEnvelopes = (writeKey: string) => {
  let identity: Identity | undefined
  let fingerprint: string
  let page: Page
  let envelope: Envelope
  let last = 0
  // Never the same twice and never going back: it is counter and clock in one.
  const tick = () => {
    last = Math.max(last + 1, Date.now())
    return last.toString(RADIX)
  }

  return (who: Identity) => {
    const print = pageFingerprint()
    if (identity !== who || fingerprint !== print) {
      identity = who
      fingerprint = print
      page = describePage()
      const context = {
        page,
        locale: navigator.language,
        timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        campaign: describeCampaign(),
        library: { name: 'airhop', version: VERSION },
      }
      envelope = {
        id: tick() + Math.random().toString(RADIX).slice(2, 7),
        head: JSON.stringify({ writeKey, ...who, context }).slice(0, -1),
        waiting: 0,
      }
    }
    return { id: `${envelope.id}-${tick()}`, envelope, page }
  }
}
