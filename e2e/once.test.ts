import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { test as base, expect, type Ingest, type Site } from './ingest.ts'

declare const airhop: Airhop

const test = base.extend<{ npm: (code: string) => string; twice: string }>({
  /** A module of the page that imports the package as it is built. */
  npm: async ({ page, site }, use) => {
    await page.route(`${site.url}/dist/**/*.mjs`, (route) => {
      const file = fileURLToPath(new URL(`..${new URL(route.request().url()).pathname}`, import.meta.url))
      return route.fulfill({ contentType: 'text/javascript', body: readFileSync(file, 'utf8') })
    })
    await use(
      (code) =>
        `<script type="module">import { autoPage, createAirhop } from '/dist/index.mjs'; ${code}; window.moduleRan = true</script>`,
    )
  },
  /** The file as a later version of it will be. */
  twice: async ({ page, site, ingest }, use) => {
    const file = await (await fetch(`${ingest.url}/airhop.js`)).text()
    const other = file.replace(/(["'`])\d+\.\d+\.\d+\1/, '"9.9.9"')
    expect(other).not.toBe(file)
    await page.route(`${site.url}/airhop-9.js`, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: other }),
    )
    await use('/airhop-9.js')
  },
})

const AUTO = { 'data-page': 'auto', 'data-flush-ms': '50' }
const track = (name: string) => `<script>airhop.track('${name}')</script>`

/** The names of all that was tracked, and how many page calls there were, after a further navigation was told of. */
const told = async (page: Page, site: Site, ingest: Ingest, tracked: number) => {
  await page.waitForFunction(() => airhop.VERSION)
  await ingest.waitForEvents(tracked, { type: 'track' })
  await ingest.waitForEvents(1, { type: 'page' })
  await page.evaluate(() => history.pushState(null, '', '/next'))
  const pages = await ingest.waitForEvents(2, { type: 'page' })
  expect(pages.map(({ properties }) => properties!.url)).toEqual([`${site.url}/`, `${site.url}/next`])
  const events = await ingest.events()
  expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(events.length)
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
  return events.filter(({ type }) => type === 'track').map(({ event }) => event)
}

test('the snippet pasted twice is one instance: one page call, and the calls in their order', async ({
  ingest,
  site,
  page,
}) => {
  const snippet = site.snippet({ attributes: AUTO })
  site.pages.set(
    '/',
    site.page({
      head: snippet + track('one') + snippet + track('two'),
      body: track('three') + snippet + track('four'),
    }),
  )
  await page.goto(site.url)
  expect(await told(page, site, ingest, 4)).toEqual(['one', 'two', 'three', 'four'])
})

for (const order of ['before', 'after'])
  test(`the snippet ${order} the npm package, of which an app in StrictMode makes five: one instance`, async ({
    ingest,
    site,
    page,
    npm,
  }) => {
    const options = JSON.stringify({ key: ingest.writeKey, host: ingest.url, flushMs: 50 })
    const module = npm(
      `window.made = Array.from({ length: 5 }, () => createAirhop({ ...${options}, use: [autoPage()] })); made.forEach((one, n) => one.track('npm_' + n))`,
    )
    const snippet = site.snippet({ attributes: AUTO })
    // Modules run in their order with deferred scripts.
    const deferred = snippet.replace(' async>', ' defer>')
    site.pages.set(
      '/',
      site.page({ head: order === 'before' ? deferred + module : module + deferred, body: track('stub') }),
    )
    await page.goto(site.url)
    await page.waitForFunction(() => (window as any).moduleRan)
    await page.waitForFunction(() => airhop.VERSION)
    expect(await page.evaluate(() => new Set([...(window as any).made, airhop]).size)).toBe(1)
    const npmNames = [0, 1, 2, 3, 4].map((n) => `npm_${n}`)
    expect(await told(page, site, ingest, 6)).toEqual(
      order === 'before' ? ['stub', ...npmNames] : [...npmNames, 'stub'],
    )
  })

for (const order of ['older first', 'newer first'])
  test(`two versions of the file (${order}) are one instance, of the first`, async ({ ingest, site, page, twice }) => {
    const old = site.snippet({ attributes: AUTO }).replace(' async>', '>')
    const other = site.snippet({ attributes: { ...AUTO, src: twice, 'data-host': ingest.url } }).replace(' async>', '>')
    const scripts = order === 'older first' ? [old, other] : [other, old]
    site.pages.set('/', site.page({ head: scripts[0] + track('one') + scripts[1] + track('two') }))
    await page.goto(site.url)
    const version = await page.evaluate(() => airhop.VERSION)
    expect(version === '9.9.9').toBe(order === 'newer first')
    expect(await told(page, site, ingest, 2)).toEqual(['one', 'two'])
  })

test('two keys side by side: each has its own user, consent and events', async ({ ingest, site, page }) => {
  const tag = (key: string, name: string) =>
    `<script src="${ingest.url}/airhop.js" data-key="${key}" data-global="${name}" data-flush-ms="50"></script>`
  site.pages.set('/', site.page({ head: tag(ingest.writeKey, 'airhop') + tag('wk_other_key_000001', 'other') }))
  await page.goto(site.url)
  const ids = await page.evaluate(async () => {
    const { other } = window as unknown as { other: Airhop }
    other.identify('somebody_else')
    const { anonymousId, id } = airhop.user()
    const before = [id(), other.user().id(), anonymousId() === other.user().anonymousId()]
    other.reset()
    airhop.identify('usr_1')
    other.optOut()
    return [...before, airhop.optedOut(), other.optedOut(), airhop.user().id(), (await airhop.track('x')).status]
  })
  expect(ids).toEqual([null, 'somebody_else', false, false, true, 'usr_1', 'stored'])
  const events = await ingest.waitForEvents(2)
  expect(events.map(({ userId }) => userId)).toEqual(['usr_1', 'usr_1'])
})
