import type { Extension } from './extension.ts'
import { COOKIE_MAX_AGE_S } from './limits.ts'

/**
 * Keeps the anonymous id in one first-party cookie besides, so that it is the same on all subdomains. `domain`: `auto`
 * (the widest that the browser accepts, found by trying once), a domain, or `host` (this host alone).
 */
export const sharedId =
  ({ domain }: { domain: string }): Extension =>
  ({ identity, prefix }) => {
    const name = prefix.replaceAll('.', '_')
    let at: string | undefined = domain === 'auto' ? undefined : domain === 'host' ? '' : domain

    // The Cookie Store API answers too late for a call that fixes its identity at once, and Firefox has had it for a year only.
    // biome-ignore-start lint/suspicious/noDocumentCookie: see above
    const write = (name: string, value = '', maxAge = 0, domain = at) => {
      document.cookie = `${name}=${value};max-age=${maxAge};path=/;samesite=lax${domain && `;domain=${domain}`}${location.protocol === 'https:' ? ';secure' : ''}`
    }
    // biome-ignore-end lint/suspicious/noDocumentCookie: see above
    const read = (name: string) => document.cookie.match(`(?:^|; )${name}=([^;]+)`)?.[1]
    const findWidest = () => {
      const labels = location.hostname.split('.')
      const probe = `${name}probe`
      for (let count = 1; count <= labels.length; count++) {
        at = labels.slice(-count).join('.')
        write(probe, '1', 9)
        if (read(probe)) return write(probe)
      }
      at = ''
    }

    identity.share({
      read: () => read(name),
      write(anonymousId) {
        if (at == null) findWidest()
        write(name, anonymousId, anonymousId ? COOKIE_MAX_AGE_S : 0)
      },
    })
  }
