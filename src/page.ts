/** Facts of the page, as Segment's spec names them: https://segment.com/docs/connections/spec/page/#properties */
export interface Page {
  /** Without a fragment; the canonical link's address where the page has one. */
  url: string
  path: string
  referrer: string
  search: string
  title: string
}

/** Of `name=value`: names of secrets and personal data, and values with an e-mail address. */
const PRIVATE =
  /^(?!utm_)([^=]*(token|passw|pwd|secret|e-?mail|signature)|(auth|otp|api_?key|([^=]*_)?code)=|.*[^=](@|%40))/i

/** The same address with secrets and personal data in it replaced by `redacted`; `utm_*` stay. */
export const redact = (url: string): string =>
  url
    .replace(/\/\/[^/?#]*@/, '//')
    .replace(/([^?&#;=]+)=[^&#;]*/g, (pair, name) => (PRIVATE.test(pair) ? `${name}=redacted` : pair))

const canonical = (): string | undefined => document.head?.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href

/** What names the page at this moment: `describePage` gives the same for the same fingerprint. */
export const pageFingerprint = (): string => location.href + document.title + canonical()

export const describePage = (): Page => {
  let { href, pathname } = location
  try {
    ;({ href, pathname } = new URL(canonical()!))
  } catch {
    // None, or one that is no address.
  }
  return {
    url: redact(href.split('#')[0]!),
    path: pathname,
    referrer: redact(document.referrer),
    search: redact(location.search),
    title: document.title,
  }
}

/** `utm_*` of the address, without their prefix; `utm_campaign` is `name` in Segment's spec. */
export const describeCampaign = (): object | undefined => {
  let campaign: object | undefined
  for (const [name, value] of new URLSearchParams(location.search))
    if (/^utm_./.test(name)) campaign = { ...campaign, [name === 'utm_campaign' ? 'name' : name.slice(4)]: value }
  return campaign
}
