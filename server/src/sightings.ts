import type { IncomingHttpHeaders } from 'node:http'

/** Sites that are remembered: who opens this page looks for one of them. */
const SITES_MAX = 50

/** What was last seen of the pages of one origin; ms since the epoch. */
export interface Sighting {
  /** `https://shop.example`; null where the page says none. */
  site: string | null
  /** It asked for airhop.js. A browser that has it in its cache does not ask again. */
  scriptAtMs: number | null
  /** It sent events, or a preflight for them, whatever became of it. */
  sentAtMs: number | null
}

/**
 * Remembers which sites asked for airhop.js and which sent something. One that asked and sent nothing has a reason for it
 * that no request can tell us: its Content-Security-Policy, a blocker, or code that makes no call.
 */
export function createSightings(now: () => number) {
  const sites = new Map<string | null, Sighting>()

  function note(site: string | null, field: 'scriptAtMs' | 'sentAtMs'): void {
    const known = sites.get(site) ?? { site, scriptAtMs: null, sentAtMs: null }
    sites.delete(site)
    sites.set(site, { ...known, [field]: now() })
    if (sites.size > SITES_MAX) sites.delete(sites.keys().next().value!)
  }

  return {
    /** Not where the browser says that it is no script: somebody looks at the file. */
    script: ({ referer, 'sec-fetch-dest': use = 'script' }: IncomingHttpHeaders) =>
      use === 'script' && note(originOf(referer), 'scriptAtMs'),
    /** Without an `Origin` it is no page. */
    sent: ({ origin }: IncomingHttpHeaders) => origin !== undefined && note(originOf(origin), 'sentAtMs'),
    /** The last one first. */
    all: (): Sighting[] => [...sites.values()].reverse(),
  }
}

export type Sightings = ReturnType<typeof createSightings>

const originOf = (url: string | undefined) =>
  url !== undefined && URL.canParse(url) && new URL(url).origin !== 'null' ? new URL(url).origin.slice(0, 255) : null
