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

export interface Envelopes {
  /** The one for an event made now, and the page it tells of. */
  current(identity: Identity): { envelope: Envelope; page: Page }
  /** An id for the next event: its envelope's and a counter, unique, and in order of time as text. */
  nextId(envelope: Envelope): string
}

const RADIX = 36
const START_DIGITS = 8
const COUNTER_DIGITS = 7

/** When the event of this id was made, by the clock of its page, in ms since 1970. */
export const madeAt = (id: string): number =>
  parseInt(id.slice(0, START_DIGITS), RADIX) + parseInt(id.slice(-COUNTER_DIGITS), RADIX)

/** The envelope that an event's id begins with. */
export const envelopeOf = (id: string): string => id.slice(0, -COUNTER_DIGITS - 1)

export const openEnvelopes = (writeKey: string, clock: Clock): Envelopes => {
  let made: { envelope: Envelope; page: Page; identity: Identity; fingerprint: string } | undefined
  let last = 0
  // ms since 1970, but never the same twice and never going back: it is counter and clock in one.
  const tick = () => (last = Math.max(last + 1, clock.now()))

  return {
    current(identity) {
      const fingerprint = pageFingerprint()
      if (made?.identity !== identity || made.fingerprint !== fingerprint) {
        const page = describePage()
        const { language } = navigator
        const context = {
          page,
          locale: language,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          campaign: describeCampaign(),
          library: { name: 'airhop', version: VERSION },
        }
        const id = tick().toString(RADIX) + clock.random().toString(RADIX).slice(2, 7).padEnd(5, '0')
        const head = JSON.stringify({ writeKey, ...identity, context }).slice(0, -1)
        made = { envelope: { id, head, waiting: 0 }, page, identity, fingerprint }
      }
      return made
    },
    nextId: ({ id }) =>
      `${id}-${(tick() - parseInt(id.slice(0, START_DIGITS), RADIX)).toString(RADIX).padStart(COUNTER_DIGITS, '0')}`,
  }
}
