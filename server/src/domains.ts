import { createRequire } from 'node:module'
import { domainToASCII } from 'node:url'

/** A workspace sees the same domains again and again. */
const KNOWN_MAX = 10_000
const known = new Map<string, string | null>()

let lists: ReturnType<typeof loadLists> | undefined

/**
 * The domain that an e-mail address has in common with its company's: what stands before a public suffix, so that
 * `mail.acme.co.uk` is `acme.co.uk`. Null for free-mail and disposable addresses, and for what is no address.
 */
export function businessDomain(email: string): string | null {
  const at = email.lastIndexOf('@')
  if (at < 1) return null
  const host = email
    .slice(at + 1)
    .trim()
    .toLowerCase()
  const found = known.get(host)
  if (found !== undefined) return found
  lists ??= loadLists()
  // The lists are of domains as they are asked for: münchen.de is xn--mnchen-3ya.de.
  const domain = lists.find(domainToASCII(host))
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(host, domain)
  return domain
}

/** What the list of providers lacks: checked against its version 2.26.0. */
const MORE_PROVIDERS: ReadonlySet<string> = new Set([
  'disroot.org',
  'fastmail.com',
  'gmx.ch',
  'kakao.com',
  'mailfence.com',
  'posteo.de',
  'posteo.net',
  'posteo.org',
  'riseup.net',
  'sohu.com',
  'startmail.com',
  'tuta.com',
  'tuta.io',
  'tutamail.com',
  'tutanota.com',
  'tutanota.de',
  'users.noreply.github.com',
  'ziggo.nl',
  'zohomail.com',
])

/** Loaded with the first address: they take some 14 MB and 50 ms, and only the thread that stores needs them. */
function loadLists() {
  const require = createRequire(import.meta.url)
  const { getDomain } = require('tldts') as typeof import('tldts')
  const { isValid } = require('mailchecker') as typeof import('mailchecker')
  // Where anybody gets an address: about 9,000 domains, kept at https://github.com/derhuerst/email-providers
  const providers: ReadonlySet<string> = new Set(require('email-providers/all.json') as string[])
  return {
    find(host: string): string | null {
      const domain = getDomain(host, { allowPrivateDomains: true, extractHostname: false })
      if (domain === null || [domain, host].some((each) => providers.has(each) || MORE_PROVIDERS.has(each))) return null
      // By its host: a relay may be below the domain of a company.
      return isValid(`a@${host}`) ? domain : null
    },
  }
}
