import type { BrowserContext, Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { test as base, expect, type Site } from './ingest.ts'

declare const airhop: Airhop

/** Every name is this machine. */
const test = base.extend<{ at: (host: string, path?: string) => string }, object>({
  launchOptions: [
    async ({ launchOptions }, use) => {
      const args = [...(launchOptions.args ?? []), '--host-resolver-rules=MAP * 127.0.0.1']
      await use({ ...launchOptions, args })
    },
    { scope: 'worker' },
  ],
  at: async ({ site }, use) => {
    await use((host, path = '/') => `http://${host}:${new URL(site.url).port}${path}`)
  },
})

const HOSTS = ['a.shop.test', 'b.shop.test', 'shop.test']

const serve = (site: Site, domain: string) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-cookie-domain': domain } }) }))
  site.pages.set('/without', site.page({}))
}
const idAt = async (page: Page, url: string) => {
  await page.goto(url)
  await page.waitForFunction(() => airhop.VERSION)
  return page.evaluate(() => airhop.user().anonymousId()!)
}
/** As `domain name`; a leading dot is a cookie of the subdomains too. */
const cookiesOf = async (context: BrowserContext) => {
  const cookies = await context.cookies()
  for (const { name, value } of cookies) expect(`${name}=${value}`.length).toBeLessThanOrEqual(80)
  return cookies.map(({ domain, name }) => `${domain} ${name}`)
}

test('whatever was cleared, or differs from before: one load of each of three hosts ends with one id', async ({
  ingest,
  site,
  page,
  context,
  at,
}) => {
  test.setTimeout(240_000)
  serve(site, 'auto')
  const key = `airhop.${ingest.writeKey.slice(-6)}.id`
  type Storage = 'kept' | 'cleared' | 'another id'
  const EITHER: Storage[] = ['kept', 'cleared']
  const all = EITHER.flatMap((a) => EITHER.flatMap((b) => EITHER.map((apex) => [a, b, apex])))
  const others: Storage[][] = [
    ['another id', 'another id', 'another id'],
    ['another id', 'cleared', 'kept'],
  ]
  const combinations = [false, true].flatMap((cookieCleared) =>
    [...all, ...others].map((storages) => ({ cookieCleared, storages })),
  )
  // Storage is set from a page without airhop, which stays open beside.
  const beside = await Promise.all(HOSTS.map(() => context.newPage()))
  for (const [index, one] of beside.entries()) await one.goto(at(HOSTS[index]!, '/without'))

  let before: string | undefined
  for (const [round, { cookieCleared, storages }] of combinations.entries()) {
    for (const [index, storage] of storages.entries()) {
      const other = storage === 'another id' ? JSON.stringify({ anonymousId: `own-${round}-${index}` }) : ''
      if (storage !== 'kept')
        await beside[index]!.evaluate(
          ({ key, other }) => {
            if (other) localStorage[key] = other
            else localStorage.clear()
          },
          { key, other },
        )
    }
    if (cookieCleared) await context.clearCookies()
    // Each host is the first at times.
    const hosts = [...HOSTS.slice(round % 3), ...HOSTS.slice(0, round % 3)]
    const ids: string[] = []
    for (const host of hosts) ids.push(await idAt(page, at(host)))
    await page.goto('about:blank')

    expect(new Set(ids), `${round}: ${cookieCleared} ${storages} ${before}`).toEqual(new Set([ids[0]]))
    expect(ids[0]).toMatch(/./)
    // The cookie wins.
    if (!cookieCleared && round) expect(ids[0]).toBe(before)
    before = ids[0]
    expect(await cookiesOf(context)).toEqual([`.shop.test airhop_${ingest.writeKey.slice(-6)}_`])
  }
})

test('events of three hosts stand in the store under one id, and a reset on one holds on the others', async ({
  ingest,
  site,
  context,
  at,
}) => {
  serve(site, 'auto')
  const pages = await Promise.all(HOSTS.map(() => context.newPage()))
  for (const [index, page] of pages.entries()) await idAt(page, at(HOSTS[index]!))
  for (const page of pages) await page.evaluate(() => void airhop.track('before'))
  await pages[0]!.evaluate(() => void airhop.identify('usr_1'))
  await pages[1]!.evaluate(() => void airhop.identify('usr_1'))
  const second = await pages[2]!.evaluate(() => {
    airhop.reset()
    return airhop.user().anonymousId()
  })
  // Other processes of the browser have the cookie some time later.
  for (const page of pages) await page.waitForFunction((id) => airhop.user().anonymousId() === id, second)
  for (const page of pages) await page.evaluate(() => void airhop.track('after'))

  const before = await ingest.waitForEvents(3, { event: 'before' })
  const after = await ingest.waitForEvents(3, { event: 'after' })
  const ids = (events: typeof before) => new Set(events.map(({ anonymousId }) => anonymousId))
  expect(ids(before).size).toBe(1)
  expect(ids(after).size).toBe(1)
  expect(ids(after)).not.toEqual(ids(before))
  expect(after.map(({ userId }) => userId)).toEqual([null, null, null])
})

test('auto takes the widest domain that the browser accepts, on every kind of host, leaves no probe, and is there on the next load', async ({
  site,
  page,
  context,
  at,
  ingest,
}) => {
  test.slow()
  serve(site, 'auto')
  for (const [host, domain] of [
    ['shop.co.uk', '.shop.co.uk'],
    ['a.b.shop.co.uk', '.shop.co.uk'],
    ['mara.github.io', '.mara.github.io'],
    ['docs.mara.github.io', '.mara.github.io'],
    ['github.io', 'github.io'],
    ['co.uk', 'co.uk'],
    ['intranet', 'intranet'],
    ['localhost', 'localhost'],
    ['app.localhost', '.app.localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['xn--bcher-kva.example', '.xn--bcher-kva.example'],
  ]) {
    await context.clearCookies()
    const first = await idAt(page, at(host!))
    await page.goto(at(host!, '/without'))
    await page.evaluate(() => localStorage.clear())

    expect(await idAt(page, at(host!)), host).toBe(first)
    expect(await cookiesOf(context)).toEqual([`${domain} airhop_${ingest.writeKey.slice(-6)}_`])
  }
})

test('host: the cookie stands on this host alone, and neither the apex nor a neighbour has the id', async ({
  site,
  page,
  context,
  at,
}) => {
  serve(site, 'host')
  const ids: string[] = []
  for (const host of HOSTS) ids.push(await idAt(page, at(host)))
  expect(new Set(ids).size).toBe(3)
  expect((await context.cookies()).map(({ domain }) => domain).sort()).toEqual(HOSTS.toSorted())
})

test('a domain that is named is taken; one that the browser refuses is this host alone', async ({
  site,
  page,
  context,
  at,
}) => {
  serve(site, 'b.shop.test')
  await idAt(page, at('a.b.shop.test'))
  expect((await context.cookies()).map(({ domain }) => domain)).toEqual(['.b.shop.test'])
  await context.clearCookies()
  await idAt(page, at('a.shop.test'))
  expect((await context.cookies()).map(({ domain }) => domain)).toEqual(['a.shop.test'])
})

test('after the setting went from host to auto, the id is shared, and a reset is not undone by the cookie of before', async ({
  site,
  page,
  context,
  at,
}) => {
  serve(site, 'host')
  const first = await idAt(page, at('a.shop.test'))
  serve(site, 'auto')
  expect(await idAt(page, at('a.shop.test'))).toBe(first)
  expect(await idAt(page, at('b.shop.test'))).toBe(first)
  await page.goto(at('a.shop.test'))
  await page.waitForFunction(() => airhop.VERSION)
  const second = await page.evaluate(() => {
    airhop.reset()
    return airhop.user().anonymousId()
  })
  expect(second).not.toBe(first)
  expect(await idAt(page, at('b.shop.test'))).toBe(second)
  expect(await idAt(page, at('a.shop.test'))).toBe(second)
  expect((await context.cookies()).map(({ domain }) => domain)).toEqual(['.shop.test'])
})

test('after the setting went from host to auto, hosts that had an id each end with one, and so they stay', async ({
  site,
  page,
  at,
}) => {
  serve(site, 'host')
  const own = []
  for (const host of HOSTS) own.push(await idAt(page, at(host)))
  expect(new Set(own).size).toBe(3)
  serve(site, 'auto')
  const first = await idAt(page, at(HOSTS[0]!))
  for (const host of [...HOSTS, ...HOSTS]) expect(await idAt(page, at(host)), host).toBe(first)
})

test('after the setting went from auto to host, a reset is not undone by the wider cookie of before', async ({
  site,
  page,
  at,
}) => {
  serve(site, 'auto')
  const first = await idAt(page, at('a.shop.test'))
  serve(site, 'host')
  expect(await idAt(page, at('a.shop.test'))).toBe(first)
  const second = await page.evaluate(() => {
    airhop.reset()
    return airhop.user().anonymousId()!
  })
  expect(second).not.toBe(first)
  expect(await idAt(page, at('a.shop.test'))).toBe(second)
})

test('two keys on one page have two cookies, and neither has the id of the other', async ({
  ingest,
  site,
  page,
  context,
  at,
}) => {
  const tag = (key: string, name: string) =>
    `<script src="${ingest.url}/airhop.js" data-key="${key}" data-global="${name}" data-cookie-domain="auto"></script>`
  site.pages.set('/', site.page({ head: tag('wk_of_shop_aaaaaa', 'airhop') + tag('wk_of_docs_bb+b(b', 'docs') }))
  const idOfDocs = () => page.evaluate(() => (window as unknown as { docs: Airhop }).docs.user().anonymousId())

  const shop = await idAt(page, at('a.shop.test'))
  const docs = await idOfDocs()
  expect(shop).not.toBe(docs)
  expect(await idAt(page, at('b.shop.test'))).toBe(shop)
  expect(await idOfDocs()).toBe(docs)
  expect((await context.cookies()).map(({ value }) => value).sort()).toEqual([shop, docs].toSorted())
})

test('an id that the page sets is shared as it is, whatever is in it, and one that is too long is not', async ({
  site,
  page,
  context,
  at,
}) => {
  serve(site, 'auto')
  const own = 'a;b=c, d%é"\\'
  await idAt(page, at('a.shop.test'))
  await page.evaluate((id) => airhop.setAnonymousId(id), own)
  expect(await idAt(page, at('b.shop.test'))).toBe(own)
  expect(await cookiesOf(context)).toHaveLength(1)

  const long = 'x'.repeat(80)
  await page.evaluate((id) => airhop.setAnonymousId(id), long)
  expect(await page.evaluate(() => airhop.user().anonymousId())).toBe(long)
  expect(await context.cookies()).toEqual([])
  expect(await idAt(page, at('b.shop.test'))).toBe(long)
})

test('refusing consent removes the cookie, and neither then nor while it is pending is one written, not even a probe', async ({
  site,
  page,
  context,
  at,
}) => {
  const spy = `<script>
    window.written = []
    const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')
    Object.defineProperty(document, 'cookie', { get, set(text) { written.push(text); set.call(document, text) } })
  </script>`
  const attributes = { 'data-cookie-domain': 'auto', 'data-consent': 'pending' }
  site.pages.set('/', site.page({ head: spy + site.snippet({ attributes }) }))
  const written = () => page.evaluate(() => (window as unknown as { written: string[] }).written)

  await idAt(page, at('a.shop.test'))
  expect(await written()).toEqual([])
  await page.evaluate(() => airhop.optIn())
  expect((await written()).some((text) => text.includes('probe'))).toBe(true)
  expect(await context.cookies()).toHaveLength(1)
  await page.evaluate(() => airhop.optOut())
  expect(await context.cookies()).toEqual([])
  await page.reload()
  await page.waitForFunction(() => airhop.VERSION)
  await page.evaluate(() => {
    airhop.track('x')
    airhop.reset()
    airhop.identify('usr_1')
    airhop.setAnonymousId('mine')
  })
  expect(await written()).toEqual([])
  expect(await context.cookies()).toEqual([])
})
