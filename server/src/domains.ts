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
  const host = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  const found = known.get(host)
  if (found !== undefined) return found
  lists ??= loadLists()
  // The lists are of domains as they are asked for: münchen.de is xn--mnchen-3ya.de.
  const domain = lists.find(domainToASCII(host))
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(host, domain)
  return domain
}

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
      if (domain === null || providers.has(domain) || providers.has(host)) return null
      return isValid(`a@${domain}`) ? domain : null
    },
  }
}
