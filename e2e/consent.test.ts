import type { Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

const loaded = (page: Page) => page.waitForFunction(() => airhop.VERSION)

/** Notes every use of what a browser keeps, and every way out of the page. */
const SPY = `<script>
  window.used = []
  const note = (what) => used.push(what)
  const real = window.localStorage
  const spied = new Proxy(real, {
    get(_, key) {
      note('read ' + String(key))
      const value = real[key]
      return typeof value === 'function' ? value.bind(real) : value
    },
    set(_, key, value) { note('write ' + key); real[key] = value; return true },
    deleteProperty(_, key) { note('remove ' + key); return delete real[key] },
    ownKeys() { note('list'); return Reflect.ownKeys(real) },
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(real, key),
  })
  Object.defineProperty(window, 'localStorage', { get: () => spied })
  for (const method of ['setItem', 'getItem', 'removeItem', 'clear', 'key']) {
    const original = Storage.prototype[method]
    Storage.prototype[method] = function (...args) { note(method + ' ' + args[0]); return original.apply(this, args) }
  }
  const session = window.sessionStorage
  Object.defineProperty(window, 'sessionStorage', { get() { note('sessionStorage'); return session } })
  for (const name of ['indexedDB', 'caches']) {
    const there = window[name]
    Object.defineProperty(window, name, { get() { note(name); return there } })
  }
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')
  Object.defineProperty(document, 'cookie', {
    get() { note('read cookie'); return cookie.get.call(document) },
    set(text) { note('write cookie'); cookie.set.call(document, text) },
  })
  for (const [owner, name] of [[window, 'fetch'], [navigator, 'sendBeacon'], [XMLHttpRequest.prototype, 'send']]) {
    const original = owner[name]
    owner[name] = function (...args) { note(name); return original.apply(this, args) }
  }
</script>`
const used = (page: Page) => page.evaluate(() => (window as unknown as { used: string[] }).used)

const PENDING = {
  'data-consent': 'pending',
  'data-page': 'auto',
  'data-cookie-domain': 'auto',
  'data-flush-ms': '50',
}

test('while consent is pending nothing is sent, and of all that a browser keeps only the decision is looked at', async ({
  ingest,
  site,
  page,
  context,
}) => {
  site.pages.set('/', site.page({ head: SPY + site.snippet({ attributes: PENDING }) }))
  const posts: string[] = []
  page.on('request', (request) => request.method() !== 'GET' && posts.push(request.url()))
  await page.goto(site.url)
  await loaded(page)
  await page.evaluate(async () => {
    airhop.track('one')
    airhop.identify('usr_1', { plan: 'pro' })
    airhop.group('acc_1')
    airhop.setAnonymousId('mine')
    airhop.reset()
    airhop.page('Named')
    airhop.user().anonymousId()
    airhop.optedOut()
    for (const type of ['online', 'storage', 'pageshow', 'pagehide']) dispatchEvent(new Event(type))
    document.dispatchEvent(new Event('visibilitychange'))
    await airhop.flush({ timeoutMs: 1000 })
  })
  const key = `airhop.${ingest.writeKey.slice(-6)}.consent`
  expect(new Set(await used(page))).toEqual(new Set([`read ${key}`]))
  await page.goto(`${site.url}/`)
  await loaded(page)
  expect(new Set(await used(page))).toEqual(new Set([`read ${key}`]))
  expect(posts).toEqual([])
  expect(await context.cookies()).toEqual([])
  expect(await ingest.events()).toEqual([])
})

test('once consent is given, what was held arrives in its order and with its own time', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-consent': 'pending' } }) }))
  await page.goto(site.url)
  await loaded(page)
  const made: [from: number, until: number][] = []
  for (const name of ['first', 'second', 'third'])
    made.push(
      await page.evaluate((name) => {
        const from = Date.now()
        airhop.track(name)
        return [from, Date.now()] as [number, number]
      }, name),
    )
  const given = await page.evaluate(() => {
    airhop.optIn()
    return Date.now()
  })
  const events = await ingest.waitForEvents(3)
  expect(events.map(({ event }) => event)).toEqual(['first', 'second', 'third'])
  for (const [index, { originalTimestamp }] of events.entries()) {
    const [from, until] = made[index]!
    expect(Date.parse(originalTimestamp!)).toBeGreaterThanOrEqual(from)
    expect(Date.parse(originalTimestamp!)).toBeLessThanOrEqual(until)
    expect(Date.parse(originalTimestamp!)).toBeLessThanOrEqual(given)
  }
})

test('refused: nothing is left in any store but the decision, and the next page keeps and sends nothing', async ({
  ingest,
  site,
  page,
  context,
}) => {
  const attributes = { 'data-cookie-domain': 'auto', 'data-flush-ms': '600000' }
  site.pages.set('/', site.page({ head: site.snippet({ attributes }) }))
  await page.goto(site.url)
  await loaded(page)
  await page.evaluate(() => airhop.track('stored'))
  const key = `airhop.${ingest.writeKey.slice(-6)}.consent`
  const left = await page.evaluate(async () => {
    airhop.identify('usr_1', { email: 'mara@harbour.example' })
    airhop.track('waits')
    await Promise.resolve()
    const before = Object.keys(localStorage).length
    airhop.optOut()
    return { before, after: { ...localStorage }, stats: airhop.stats(), id: airhop.user().anonymousId() }
  })
  expect(left.before).toBe(2)
  expect(left.after).toEqual({ [key]: 'denied' })
  expect(left.stats).toMatchObject({ tracked: 3, delivered: 1, dropped: { opted_out: 2 }, pending: 0 })
  expect(left.id).toBeNull()
  expect(await context.cookies()).toEqual([])

  await page.reload()
  await loaded(page)
  expect(await page.evaluate(() => airhop.track('made under deny'))).toMatchObject({ reason: 'opted_out' })
  expect(await page.evaluate(() => [airhop.optedOut(), { ...localStorage }])).toEqual([true, { [key]: 'denied' }])
  await page.evaluate(() => airhop.optIn())
  expect(await page.evaluate(() => airhop.track('wanted'))).toMatchObject({ status: 'stored' })
  expect((await ingest.waitForEvents(2)).map(({ event }) => event)).toEqual(['stored', 'wanted'])
})

test('the decision of one tab holds in the other: what it held goes, or is dropped', async ({
  ingest,
  site,
  context,
}) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-consent': 'pending' } }) }))
  const [here, there] = [await context.newPage(), await context.newPage()]
  for (const page of [here, there]) {
    await page.goto(site.url)
    await loaded(page)
  }
  await there.evaluate(() => void airhop.track('held there'))
  await here.evaluate(() => airhop.optIn())
  await ingest.waitForEvents(1, { event: 'held there' })

  await here.evaluate(() => airhop.identify('usr_1'))
  await here.evaluate(() => airhop.optOut())
  // Another process of the browser has it some milliseconds later.
  await there.waitForFunction(() => airhop.optedOut())
  expect(await there.evaluate(() => airhop.track('made under deny'))).toMatchObject({ reason: 'opted_out' })
  expect(await there.evaluate(() => [airhop.optedOut(), airhop.user().id(), airhop.user().anonymousId()])).toEqual([
    true,
    null,
    null,
  ])
  await there.evaluate(() => airhop.optIn())
  await here.waitForFunction(() => !airhop.optedOut())
  expect(await here.evaluate(() => airhop.track('wanted again'))).toMatchObject({ status: 'stored' })
  const events = await ingest.waitForEvents(3)
  expect(events.map(({ event, type }) => event ?? type)).toEqual(['held there', 'identify', 'wanted again'])
  expect(events[2]!.userId).toBeNull()
  expect(events[2]!.anonymousId).not.toBe(events[0]!.anonymousId)
})

test('Global Privacy Control starts refused, is overruled by the visitor, and is not looked at when told so', async ({
  ingest,
  site,
  page,
}) => {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true, configurable: true }),
  )
  site.pages.set('/', site.page({ head: SPY + site.snippet({ attributes: { 'data-page': 'auto' } }) }))
  site.pages.set('/ignored', site.page({ head: site.snippet({ attributes: { 'data-gpc': 'ignore' } }) }))
  await page.goto(site.url)
  await loaded(page)
  expect(await page.evaluate(() => airhop.track('x'))).toMatchObject({ status: 'dropped', reason: 'opted_out' })
  expect((await used(page)).filter((what) => !/^(read|list)/.test(what))).toEqual([])
  await page.goto(`${site.url}/ignored`)
  await loaded(page)
  expect(await page.evaluate(() => airhop.track('ignored'))).toMatchObject({ status: 'stored' })
  await page.goto(site.url)
  await loaded(page)
  await page.evaluate(() => airhop.optIn())
  await page.reload()
  await loaded(page)
  expect(await page.evaluate(() => airhop.track('overruled'))).toMatchObject({ status: 'stored' })
  expect((await ingest.waitForEvents(2, { type: 'track' })).map(({ event }) => event)).toEqual(['ignored', 'overruled'])
})
