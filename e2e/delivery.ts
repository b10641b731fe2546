import type { Airhop } from '../src/calls.ts'
import { startChromium } from './engines/chromium.ts'
import type { Browser, EngineName, Tab } from './engines/engine.ts'
import { startFirefox } from './engines/firefox.ts'
import { startWebKit } from './engines/webkit.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { test as base, expect, type Ingest, type Site } from './ingest.ts'

export { expect }

declare const airhop: Airhop

/** Tags of a scenario that Firefox and WebKit run too; Chromium runs all. */
export const inAllEngines = { tag: ['@firefox', '@webkit'] }
export const inFirefoxToo = { tag: ['@firefox'] }

/** What a page of the shop does, besides loading airhop. */
export interface PageOptions {
  /** Before everything else. */
  head?: string
  /** Of the script tag. */
  attributes?: Record<string, string>
}

/** Somebody in a tab, who does one numbered thing after the other. */
export interface Visitor {
  readonly tab: Tab
  /** The next `count` events, each with so many characters of ballast, tracked in one task. */
  track(count: number, padding?: number): Promise<void>
  /** The next `count` events, and then in the same task what the script does; it may end the page. */
  trackAnd(count: number, ending: (argument: string) => void, argument?: string): Promise<void>
  /** To a page of the shop, in the same tab. */
  goTo(path: string): Promise<void>
  /** By the back button, until the page before is there. */
  goBack(): Promise<void>
  /** What `airhop.flush` gives. */
  flush(): Promise<number>
  leave(): Promise<void>
}

/** What became of everything that was tracked. */
export interface Tally {
  tracked: number
  stored: number
  /** What airhop said it could not deliver, by reason. */
  losses: Record<string, number>
  /** Tracked, not stored, and not a word of it. */
  lost: number
  /** Events of which the store has several rows. */
  twice: string[]
  /** Events whose time is before that of one tracked earlier in the same tab. */
  misdated: string[]
  /** Events stored after one that was tracked later on the same page. */
  overtaken: string[]
  /** Uncaught errors, unhandled rejections, and whatever was said on the console. */
  noise: string[]
}

export interface Shop {
  /** Another tab, on a page of the shop, in the shared browser or in this one. */
  enter(path?: string, browser?: Browser): Promise<Visitor>
  /** Sets what a page is; `/` and `/next` are there from the start. */
  page(path: string, options: PageOptions): void
  readonly url: string
  /** A page of another site, without airhop. */
  readonly elsewhere: string
  /** Events that pages track by themselves, as `step(visitor, n)`. */
  expectSteps(visitor: string, count: number): void
  tally(): Promise<Tally>
  /** Waits until the store has all, or airhop has said what it lost, and that nothing more is on its way. */
  settled(options?: { timeoutMs?: number }): Promise<Tally>
  /** The browser of all who are here was killed. */
  allGone(): void
}

/** What every scenario ends with, unless its title says otherwise. */
export const nothingLost = { lost: 0, losses: {}, twice: [], misdated: [], overtaken: [], noise: [] }
/** The same where a page went while more waited than one beacon holds: the newest went first. */
export const nothingLostOutOfOrder = { lost: 0, losses: {}, twice: [], misdated: [], noise: [] }

interface Row {
  messageId: string
  originalTimestamp: string
  properties: { visitor: string; n: number; view: number }
}

const STARTS = { chromium: startChromium, firefox: startFirefox, webkit: startWebKit }

export const test = base.extend<
  { faults: FaultProxy; shop: Shop; ownBrowser: Browser },
  { engineName: EngineName; engine: Browser }
>({
  engineName: ['chromium', { scope: 'worker', option: true }],

  /** One for all scenarios of a worker: each has a site of its own, so an origin of its own. */
  engine: [
    async ({ engineName }, use) => {
      const browser = await STARTS[engineName]()
      await use(browser)
      await browser.dispose()
    },
    { scope: 'worker', timeout: 60_000 },
  ],

  /** One that may be killed. */
  ownBrowser: async ({ engineName }, use) => {
    const browser = await STARTS[engineName]()
    await use(browser)
    await browser.dispose()
  },

  faults: async ({ ingest }, use) => {
    const faults = await startFaultProxy(ingest.url)
    await use(faults)
    await faults.refuse()
  },

  shop: async ({ engine, ingest, site, faults }, use) => {
    const opened: Visitor[] = []
    await use(openShop({ engine, ingest, site, faults, opened }))
    for (const visitor of opened) await visitor.leave().catch(() => {})
  },
})

interface Parts {
  engine: Browser
  ingest: Ingest
  site: Site
  faults: FaultProxy
  /** Those whose tab is open. */
  opened: Visitor[]
}

/** Runs first of all in the page. Kept there too, for when there is no way out of it. */
const EARS = `<script>
  window.heard = []
  {
    const hear = (what) => heard.push(what) && navigator.sendBeacon('/heard', what)
    for (const level of ['debug', 'log', 'info', 'warn', 'error']) console[level] = (...said) => hear(level + ': ' + said.join(' '))
    addEventListener('error', ({ message }) => hear('uncaught: ' + message))
    addEventListener('unhandledrejection', ({ reason }) => hear('unhandled: ' + reason))
  }
</script>`

/** Runs after the stub. */
const STEPS = `<script>
  window.losses = []
  for (const fate of ['dropped', 'rejected'])
    airhop.on(fate, ({ messageId, reason }) => losses.push(reason) && navigator.sendBeacon('/losses', reason))
  const step = (visitor, n, padding = 0) =>
    airhop.track('step', { visitor, n, view: performance.timeOrigin, padding: 'x'.repeat(padding) })
</script>`

declare const step: (visitor: string, n: number, padding?: number) => void
declare const heard: string[]
declare const losses: string[]

function openShop(parts: Parts): Shop {
  const { engine, ingest, site, faults, opened } = parts
  const steps = new Map<string, number>()
  const rows: Row[] = []
  let cursor = ''
  let entered = 0
  let backs = 0

  const setPage = (path: string, { head = '', attributes }: PageOptions) => {
    const snippet = site.snippet({
      attributes: { src: '/airhop.js', 'data-host': faults.url, 'data-flush-ms': '500', ...attributes },
    })
    site.pages.set(
      path,
      site.page({ title: path, head: EARS + head + snippet + STEPS, body: '<a href="/next">Next</a>' }),
    )
  }
  setPage('/', {})
  setPage('/next', {})
  site.pages.set('/elsewhere', site.page({ body: 'Elsewhere' }))

  /** The server's rows since the last look. */
  const readRows = async () => {
    for (;;) {
      const query = new URLSearchParams({ event: 'step', after: cursor, limit: '1000' })
      const response = await fetch(`${ingest.url}/api/v1/events?${query}`, {
        headers: { authorization: `Bearer ${ingest.adminToken}` },
      })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      const page = (await response.json()) as { events: Row[]; cursor: string | null; next: string | null }
      rows.push(...page.events)
      // None before the first row.
      cursor = page.cursor ?? ''
      if (page.next === null) return
    }
  }

  /** What pages have said by beacon, or still hold because they could not. */
  const gathered = async (path: '/heard' | '/losses') => {
    const said = site.posted.get(path) ?? []
    const held = await Promise.all(
      opened.map(({ tab }) =>
        (path === '/heard' ? tab.evaluate(() => heard) : tab.evaluate(() => losses)).catch(() => [] as string[]),
      ),
    )
    const more = held.flat()
    // Most of what a page holds has come by beacon already.
    for (const one of said) if (more.includes(one)) more.splice(more.indexOf(one), 1)
    return [...said, ...more]
  }

  const shop: Shop = {
    url: site.url,
    elsewhere: `${site.url.replace('127.0.0.1', 'localhost')}/elsewhere`,
    page: setPage,
    allGone: () => void opened.splice(0),
    expectSteps: (visitor, count) => void steps.set(visitor, (steps.get(visitor) ?? 0) + count),

    async enter(path = '/', browser = engine) {
      const name = `visitor ${++entered}`
      const tab = await browser.open(site.url + path)
      const next = (count: number) => {
        const from = steps.get(name) ?? 0
        steps.set(name, from + count)
        return { name, from, until: from + count }
      }
      const visitor: Visitor = {
        tab,
        track: (count, padding = 0) =>
          tab.evaluate(
            ({ name, from, until, padding }) => {
              for (let n = from; n < until; n++) step(name, n, padding)
            },
            { ...next(count), padding },
          ),
        trackAnd: (count, ending, argument = '') =>
          tab.evaluate(
            ({ name, from, until, ending, argument }) => {
              // In a task of its own: what ends the page must not end this answer.
              setTimeout(() => {
                for (let n = from; n < until; n++) step(name, n)
                // As text, because drivers pass nothing else.
                new Function(`return ${ending}`)()(argument)
              })
            },
            { ...next(count), ending: String(ending), argument },
          ),
        goTo: (path) => tab.goto(site.url + path),
        async goBack() {
          const mark = `left ${++backs}`
          await tab.evaluate((mark) => {
            Object.assign(window, { mark })
            setTimeout(() => history.back(), 10)
          }, mark)
          // On the way, there is a moment without a page to ask.
          await expect(async () =>
            expect(
              await tab.evaluate(
                (mark) => document.readyState === 'complete' && (window as { mark?: string }).mark !== mark,
                mark,
              ),
            ).toBe(true),
          ).toPass({ timeout: 30_000 })
        },
        // On a page of another site there is nothing to flush.
        flush: () => tab.evaluate(() => ('airhop' in window ? airhop.flush() : 0)),
        async leave() {
          opened.splice(opened.indexOf(visitor), 1)
          await tab.close()
        },
      }
      opened.push(visitor)
      return visitor
    },

    async tally() {
      await readRows()
      const losses = Object.groupBy(await gathered('/losses'), (reason) => reason)
      const counted = Object.values(losses).reduce((sum, all) => sum + all!.length, 0)
      const copies = new Map<string, Row[]>()
      for (const row of rows) {
        const what = `${row.properties.visitor}: ${row.properties.n}`
        copies.set(what, [...(copies.get(what) ?? []), row])
      }
      const tracked = [...steps.values()].reduce((sum, count) => sum + count, 0)
      return {
        tracked,
        stored: copies.size,
        losses: Object.fromEntries(Object.entries(losses).map(([reason, all]) => [reason, all!.length])),
        lost: tracked - copies.size - counted,
        twice: [...copies].filter(([, copies]) => copies.length > 1).map(([what]) => what),
        misdated: outOfOrder(
          rows.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)),
          ({ properties }) => properties.visitor,
        ),
        overtaken: outOfOrder(rows, ({ properties }) => `${properties.visitor} ${properties.view}`),
        noise: await gathered('/heard'),
      }
    },

    async settled({ timeoutMs = 30_000 } = {}) {
      const missing = async () => {
        await readRows()
        const stored = new Set(rows.map(({ properties }) => `${properties.visitor}: ${properties.n}`)).size
        const tracked = [...steps.values()].reduce((sum, count) => sum + count, 0)
        return tracked - stored - (await gathered('/losses')).length
      }
      await expect
        .poll(missing, {
          message: 'events that are neither stored nor counted as lost',
          intervals: [50, 100, 200],
          timeout: timeoutMs,
        })
        .toBe(0)
      // Repeats may still be on their way; then the server ends only when it has answered for all.
      for (const visitor of opened) await visitor.flush()
      await ingest.stop()
      await ingest.start()
      return shop.tally()
    },
  }
  return shop
}

const timeOf = ({ originalTimestamp, messageId }: Row) => `${originalTimestamp} ${messageId}`

/** Rows that stand after one of a higher number of the same group. */
const outOfOrder = (rows: Row[], groupOf: (row: Row) => string): string[] => {
  const highest = new Map<string, number>()
  return rows.flatMap((row) => {
    const { visitor, n } = row.properties
    const before = highest.get(groupOf(row)) ?? -1
    highest.set(groupOf(row), Math.max(before, n))
    return n < before ? [`${visitor}: ${n}`] : []
  })
}
