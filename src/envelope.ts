import type { Identity } from './identity.ts'
import { describeCampaign, describePage, type Page, pageFingerprint } from './page.ts'
import { attempt } from './storage.ts'
import { VERSION } from './version.ts'

const RADIX = 36
/** Of a time in ms since 1970, from 1972 to 2059. */
const TIME_DIGITS = 8

/** When the event of this id was made, by the clock of its page, in ms since 1970. */
export const madeAt = (id: string): number => parseInt(id.slice(-TIME_DIGITS), RADIX)

/** Not in ES2020; https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Temporal/Now/timeZoneId */
declare const Temporal: { Now: { timeZoneId(): string } }

/** IANA name. By Temporal where there is one: the first use of Intl takes Chromium 15 to 20 ms. */
const timezone = () => attempt(() => Temporal.Now.timeZoneId()) || Intl.DateTimeFormat().resolvedOptions().timeZone

/**
 * Gives for an event made now its id, the page it tells of, and the head of its envelope: what events have in common
 * (write key, identity, context), as JSON without the closing brace, where `sentAt` and `batch` follow when it is sent.
 * The head is made anew when one of them changes.
 */
export const openEnvelopes = (writeKey: string) => {
  let identity: Identity | undefined
  let fingerprint: string
  let page: Page
  let head: string
  let last = 0
  // Never the same twice and never going back: it is counter and clock in one.
  const tick = () => {
    last = Math.max(last + 1, Date.now())
    return last.toString(RADIX)
  }
  const start = `${tick()}${Math.random().toString(RADIX).slice(2, 7)}-`

  return (who: Identity) => {
    const print = pageFingerprint()
    if (identity !== who || fingerprint !== print) {
      identity = who
      fingerprint = print
      page = describePage()
      const context = {
        page,
        locale: navigator.language,
        timezone: timezone(),
        campaign: describeCampaign(page.search),
        library: { name: 'airhop', version: VERSION },
      }
      head = JSON.stringify({ writeKey, ...who, context }).slice(0, -1)
    }
    return { id: start + tick(), head, page }
  }
}
