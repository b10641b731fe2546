/** Facts of the page, as Segment's spec names them: https://segment.com/docs/connections/spec/page/#properties */
export interface Page {
  /** Without a fragment; the canonical link's address where the page has one. */
  url: string
  path: string
  referrer: string
  search: string
  title: string
}

const PRIVATE_NAME = /token|passw|pwd|secret|^(auth|otp|api_?key|(.*_)?code)$|e-?mail|signature/i
const EMAIL = /[^\s/?&=#]+(@|%40)[^\s/?&=#]+\.\w+/i

/** The same address with secrets and personal data in it replaced by `redacted`; `utm_*` stay. */
export const redact = (url: string): string =>
  url
    .replace(/\/\/[^/?#]*@/, '//')
    .replace(/([?&#;])([^=&#;]+)=([^&#;]*)/g, (pair, before, name, value) =>
      !/^utm_/i.test(name) && (PRIVATE_NAME.test(name) || EMAIL.test(value)) ? `${before}${name}=redacted` : pair,
    )

/** What names the page at this moment: `describePage` gives the same for the same fingerprint. */
export const pageFingerprint = (): string =>
  [location.href, document.title, document.head?.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href].join('\n')

export const describePage = (): Page => {
  const canonical = document.head?.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href
  const url = new URL(canonical || location.href)
  return {
    url: redact(url.href.split('#')[0]!),
    path: url.pathname,
    referrer: redact(document.referrer),
    search: redact(location.search),
    title: document.title,
  }
}

/** `utm_*` of the address, without their prefix; `utm_campaign` is `name` in Segment's spec. */
export const describeCampaign = (): Record<string, string> | undefined => {
  const campaign: Record<string, string> = {}
  new URLSearchParams(location.search).forEach((value, name) => {
    if (name.startsWith('utm_')) campaign[name === 'utm_campaign' ? 'name' : name.slice(4)] = value
  })
  return Object.keys(campaign)[0] ? campaign : undefined
}
