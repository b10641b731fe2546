import type { Extension } from './extension.ts'
import { COOKIE_MAX_AGE_S, COOKIE_MAX_BYTES } from './limits.ts'
import { attempt } from './storage.ts'

/**
 * Keeps the anonymous id in one first-party cookie besides, so that it is the same on all subdomains. `domain`: `auto`
 * (the widest that the browser accepts, found by trying once), a domain, or `host` (this host alone). A domain that the
 * browser refuses is this host alone. An id that makes the cookie longer than 80 bytes is not shared.
 */
export const sharedId =
  ({ domain }: { domain: string }): Extension =>
  ({ identity, prefix }) => {
    const name = encodeURIComponent(prefix).replaceAll('.', '_')

    const wider =
      domain === 'auto'
        ? location.hostname.split('.').map((_, index, labels) => labels.slice(-1 - index).join('.'))
        : [domain]
    const domains = [...wider, '']
    let found: string | undefined

    // The Cookie Store API answers too late for a call that fixes its identity at once, and Firefox has had it for a year only.
    const put = (pair: string, maxAge: number, domain: string) => {
      // biome-ignore lint/suspicious/noDocumentCookie: see above
      document.cookie = `${pair};max-age=${maxAge};path=/;samesite=lax${domain && `;domain=${domain}`}${location.protocol === 'https:' ? ';secure' : ''}`
    }
    // Sandboxed frames and data: URLs make the very getter throw.
    const read = (name: string) =>
      // The newest is the last: there may be another of a domain that was set earlier, here or on another host. Before
      // all stands an empty one, so that there is one.
      attempt(() => decodeURIComponent(`; ${name}=; ${document.cookie}`.split(`; ${name}=`).pop()!.split(';')[0]!))
    const accepts = (domain: string) => {
      const probe = `${name}probe`
      put(`${probe}=1`, 9, domain)
      const accepted = read(probe)
      put(`${probe}=`, 0, domain)
      return accepted
    }

    identity.share({
      read: () => read(name),
      write: (anonymousId = '') =>
        attempt(() => {
          // Another of ours may be of a narrower domain, by an earlier setting: it would stand before the new one.
          if (anonymousId !== read(name)) for (const each of domains) put(`${name}=`, 0, each)
          const pair = `${name}=${encodeURIComponent(anonymousId)}`
          if (anonymousId && pair.length <= COOKIE_MAX_BYTES) {
            found ??= domains.find(accepts) || ''
            put(pair, COOKIE_MAX_AGE_S, found)
          }
        }),
    })
  }
