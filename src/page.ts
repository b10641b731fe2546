import { ADDRESS_MAX_CHARS } from './limits.ts'
import { attempt } from './storage.ts'

/** Facts of the page, as Segment's spec names them: https://segment.com/docs/connections/spec/page/#properties */
export interface Page {
  /** Without a fragment; the canonical link's address where the page has one. */
  url: string
  path: string
  referrer: string
  search: string
  title: string
}

/** Of `name=value`: names of secrets and personal data, also in an address that is the value, and e-mail addresses. */
const PRIVATE =
  /^(?!utm_)(.*(token|passw|pwd|secret|e-?mail|signature)[^=]*(=|%(25)*3d)|(.*([_-]|%(25)*(3f|26)))?(auth|otp|pass|api_?key|(oob)?code)(=|%(25)*3d)|.*[^=](@|%(25)*40))/i

/** The same address with secrets and personal data in it replaced by `redacted`, and not too long; `utm_*` stay. */
export const redact = (url: string): string =>
  url
    .replace(/\/\/[^/?#]*@/g, '//')
    // What has no value is taken with it, so that nothing is looked at twice.
    .replace(/([^?&#;=]+)(=[^?&#;]*)?/g, (pair, name, value) =>
      value && PRIVATE.test(pair) ? `${name}=redacted` : pair,
    )
    // Without a name, or as one.
    .replace(/([?&])[^?&#=]+(@|%40)[^?&#]*/g, '$1redacted')
    .slice(0, ADDRESS_MAX_CHARS)

const canonical = (): string | undefined => document.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href

/** What names the page at this moment: `describePage` gives the same for the same fingerprint. */
export const pageFingerprint = (): string => location.href + document.title + canonical()

/** Of where the page is, or was. */
export const describePage = (at: URL | Location = location): Page => {
  // The link may be no address. Without one nothing is thrown: the first exception of a page costs milliseconds.
  const { href, pathname } = attempt(() => new URL(canonical() || at.href)) || at
  return {
    url: redact(href.split('#')[0]!),
    path: redact(pathname),
    referrer: redact(document.referrer),
    search: redact(at.search),
    title: document.title,
  }
}

/** `utm_*` of the page's `search`, without their prefix; `utm_campaign` is `name` in Segment's spec. */
export const describeCampaign = (search: string): object | undefined => {
  let campaign: object | undefined
  for (const [name, value] of new URLSearchParams(search))
    if (/^utm_./.test(name)) campaign = { ...campaign, [name === 'utm_campaign' ? 'name' : name.slice(4)]: value }
  return campaign
}
