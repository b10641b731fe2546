import type { Page } from '@playwright/test'
import * as segment from '@segment/snippet'
import { expect, type Ingest, type Site, test } from './ingest.ts'

declare const analytics: any

/** Segment's own, as its documentation has it. Its `load` asks for Segment's file; `page` calls once. */
const snippet = () => segment.min({ apiKey: 'segment_write_key' })

const tag = (ingest: Ingest) =>
  `<script src="${ingest.url}/airhop.js" data-key="${ingest.writeKey}" data-global="analytics" data-debug async></script>`

const open = async (page: Page, site: Site, head: string, code = '') => {
  const errors: string[] = []
  const lines: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => lines.push(message.text()))
  const toSegment: string[] = []
  await page.route('https://cdn.segment.com/**', (route) => {
    toSegment.push(route.request().url())
    return route.abort()
  })
  site.pages.set('/', site.page({ title: 'Home', head, body: `<script>${code}</script>` }))
  await page.goto(`${site.url}/?utm_source=letter`)
  await page.waitForFunction(() => analytics.VERSION)
  return { errors, lines, toSegment }
}

test("code made for Segment's snippet runs unchanged, before the file is there and after", async ({
  ingest,
  site,
  page,
}) => {
  const code = `
    window.told = []
    const taken = analytics.track
    analytics.track('Article Viewed', { id: 1 })
    analytics.identify(7, { plan: 'pro' }, { integrations: { All: true } }, () => told.push('identified'))
    analytics.group('acme', { seats: 3 }).track('chained')
    analytics.page('Docs', 'Install', { section: 'a' })
    analytics.push(['track', 'pushed', { n: 1 }])
    analytics.ready(() => told.push(analytics.user().id(), analytics.user().anonymousId(), analytics.user().traits()))
    window.later = () => taken('taken before it was there', { n: 2 })`
  const { errors } = await open(page, site, `<script>${snippet()}</script>${tag(ingest)}`, code)
  await page.evaluate(async () => {
    ;(window as unknown as { later(): void }).later()
    await new Promise((resolve) => analytics.track('after', { n: 3 }, { context: { app: 'x' } }, resolve))
    analytics.push(['track', 'pushed after'])
    analytics.reset()
    analytics.setAnonymousId('mine')
    analytics.page({ section: 'b' })
  })

  const events = await ingest.waitForEvents(11)
  expect(
    events.map(({ type, event, userId, properties }) => [type, event ?? properties?.name ?? null, userId]),
  ).toEqual([
    ['page', null, null],
    ['track', 'Article Viewed', null],
    ['identify', null, '7'],
    ['group', null, '7'],
    ['track', 'chained', '7'],
    ['page', 'Install', '7'],
    ['track', 'pushed', '7'],
    ['track', 'taken before it was there', '7'],
    ['track', 'after', '7'],
    ['track', 'pushed after', '7'],
    ['page', null, null],
  ])
  const [first, viewed, identify, group, , docs, pushed, taken, after, , last] = events
  // Nothing of what Segment's stub adds for Segment's file.
  expect(JSON.stringify(events)).not.toContain('bpc')
  expect(first).toMatchObject({ properties: { title: 'Home', path: '/', search: '?utm_source=letter' } })
  expect(viewed!.properties).toEqual({ id: 1 })
  expect(identify).toMatchObject({ traits: { plan: 'pro' } })
  expect(group).toMatchObject({ groupId: 'acme', traits: { seats: 3 } })
  expect(docs).toMatchObject({ properties: { category: 'Docs', name: 'Install', section: 'a' } })
  expect(pushed!.properties).toEqual({ n: 1 })
  expect(taken!.properties).toEqual({ n: 2 })
  expect(after).toMatchObject({ properties: { n: 3 }, context: { app: 'x', campaign: { source: 'letter' } } })
  expect(last).toMatchObject({ anonymousId: 'mine', properties: { section: 'b' } })
  expect(await page.evaluate(() => (window as unknown as { told: unknown }).told)).toEqual(
    expect.arrayContaining(['identified', '7', first!.anonymousId, {}]),
  )
  expect(errors).toEqual([])
  expect(await ingest.rejected()).toEqual([])
})

test("Segment's snippet that comes after airhop.js puts its stubs over it, and every call arrives all the same", async ({
  ingest,
  site,
  page,
}) => {
  const code = `
    analytics.track('Article Viewed', { id: 1 })
    analytics.identify(7, { plan: 'pro' })
    analytics.alias('new', 'old')
    analytics.ready(() => analytics.track('ready'))`
  const head = `${tag(ingest).replace(' async>', '>')}<script>${snippet()}</script>`
  const { errors, lines } = await open(page, site, head, code)
  await page.evaluate(() => analytics.track('after'))

  const events = await ingest.waitForEvents(5)
  expect(events.map(({ type, event, userId }) => [event ?? type, userId])).toEqual([
    ['page', null],
    ['Article Viewed', null],
    ['identify', '7'],
    ['ready', '7'],
    ['after', '7'],
  ])
  expect(events[1]!.properties).toEqual({ id: 1 })
  expect(JSON.stringify(events)).not.toContain('bpc')
  expect(lines.filter((line) => line.includes('there is no'))).toEqual(['airhop: there is no alias'])
  expect(errors).toEqual([])
})

test("what airhop hasn't is said once, in debug, and throws nothing", async ({ ingest, site, page }) => {
  const missing = `
    analytics.alias('new', 'old')
    analytics.screen('Home')
    analytics.addSourceMiddleware(({ payload, next }) => next(payload))
    analytics.trackLink(document.body, 'Clicked')
    analytics.once('initialize', () => {})
    analytics.on('track', () => {})`
  const { errors, lines } = await open(page, site, `<script>${snippet()}</script>${tag(ingest)}`, missing)
  await page.evaluate((code) => {
    // biome-ignore lint/security/noGlobalEval: the same code again, now that the file is there.
    eval(code.replace(/.*on\('track'.*/, ''))
    analytics.pageview('/x')
    return analytics.track('still works')
  }, missing)

  const said = lines.filter((line) => line.includes('there is no'))
  expect(said).toEqual(
    ['alias', 'screen', 'addSourceMiddleware', 'trackLink', 'once', 'track', 'pageview'].map(
      (name) => `airhop: there is no ${name}`,
    ),
  )
  expect(errors).toEqual([])
  expect((await ingest.waitForEvents(2)).map(({ type, event }) => event ?? type)).toEqual(['page', 'still works'])
})

test("analytics.load of Segment's snippet loads airhop when its address is airhop's, whenever it is called", async ({
  ingest,
  site,
  page,
}) => {
  const source = /t\.src="[^;]*/
  const edited = segment
    .min({ apiKey: ingest.writeKey, load: false, page: false })
    .replace(source, `t.src="${ingest.url}/airhop.js";t.dataset.key=key;t.dataset.global=i`)
  expect(edited).toContain('t.dataset.key=key')
  const code = `
    analytics.track('before consent')
    setTimeout(() => analytics.load(${JSON.stringify(ingest.writeKey)}, { integrations: { All: true } }), 50)`

  const { errors, toSegment } = await open(page, site, `<script>${edited}</script>`, code)
  await page.evaluate(() => analytics.track('after'))

  expect((await ingest.waitForEvents(2)).map(({ event }) => event)).toEqual(['before consent', 'after'])
  expect(toSegment).toEqual([])
  expect(errors).toEqual([])
})

test('code that holds the array of before goes on with it', async ({ ingest, site, page }) => {
  const head = `<script>window.analytics = []; window.held = window.analytics; held.push(['track', 'first'])</script>${tag(ingest)}`
  await open(page, site, head)
  await page.evaluate(() => {
    const { held } = window as unknown as { held: unknown[] }
    held.push(['track', 'second'])
    analytics.push(['track', 'third'])
  })
  expect((await ingest.waitForEvents(3)).map(({ event }) => event)).toEqual(['first', 'second', 'third'])
})
