import type { Airhop } from '../src/calls.ts'
import { expect, type Site, test } from './ingest.ts'

declare const airhop: Airhop

/** Two buttons, and the first event sent already: what is tracked now would wait, if the page stayed. */
const shop = (site: Site, leave: string) =>
  site.page({
    head: site.snippet({ attributes: { 'data-flush-ms': '600000' } }),
    body: `
      <button onclick="airhop.track('seen')">Look</button>
      <button onclick="airhop.track('bought', { price: 12 }); ${leave}">Buy</button>`,
  })

test('an event tracked right before going to another page of the site is stored once', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', shop(site, `location.href = '/thanks'`))
  site.pages.set('/thanks', site.page({ head: site.snippet(), body: '<script>airhop.page()</script>Thanks' }))

  await page.goto(site.url)
  await page.getByText('Look').click()
  await ingest.waitForEvents(1, { event: 'seen' })
  await page.getByText('Buy').click()
  await page.waitForURL('**/thanks')

  const [bought] = await ingest.waitForEvents(1, { event: 'bought' })
  expect(bought).toMatchObject({ properties: { price: 12 }, context: { page: { path: '/' } } })
  const [thanks] = await ingest.waitForEvents(1, { type: 'page' })
  expect(thanks!.anonymousId).toBe(bought!.anonymousId)
  expect(await ingest.events({ event: 'bought' })).toHaveLength(1)
})

test('an event tracked right before going to another site is stored once, though nobody comes back', async ({
  ingest,
  site,
  page,
}) => {
  // Another origin, and without airhop.
  const elsewhere = `${site.url.replace('127.0.0.1', 'localhost')}/elsewhere`
  site.pages.set('/', shop(site, `location.href = '${elsewhere}'`))
  site.pages.set('/elsewhere', site.page({ body: 'Elsewhere' }))

  await page.goto(site.url)
  await page.getByText('Look').click()
  await ingest.waitForEvents(1, { event: 'seen' })
  await page.getByText('Buy').click()
  await page.waitForURL(elsewhere)

  const [bought] = await ingest.waitForEvents(1, { event: 'bought' })
  expect(bought).toMatchObject({ properties: { price: 12 } })
  expect(await ingest.events()).toHaveLength(2)
})

test('the first event of a page, still in flight when the page goes, is stored once', async ({
  ingest,
  site,
  page,
}) => {
  const elsewhere = `${site.url.replace('127.0.0.1', 'localhost')}/elsewhere`
  site.pages.set('/', shop(site, `location.href = '${elsewhere}'`))
  site.pages.set('/elsewhere', site.page({ body: 'Elsewhere' }))

  await page.goto(site.url)
  await page.waitForFunction(() => airhop.VERSION)
  await page.getByText('Buy').click()
  await page.waitForURL(elsewhere)

  await ingest.waitForEvents(1)
  // Whatever else was on its way came before this: the server ends only when it has answered for all.
  await ingest.stop()
  await ingest.start()
  expect((await ingest.events()).map(({ event }) => event)).toEqual(['bought'])
})

test('an event tracked right before the tab is closed is stored once', async ({ ingest, site, page, context }) => {
  site.pages.set('/', shop(site, ''))
  // A browser without any tab may end.
  await context.newPage()

  await page.goto(site.url)
  await page.getByText('Look').click()
  await ingest.waitForEvents(1, { event: 'seen' })
  await page.getByText('Buy').click()
  await page.close({ runBeforeUnload: true })

  const [bought] = await ingest.waitForEvents(1, { event: 'bought' })
  expect(bought).toMatchObject({ properties: { price: 12 } })
  expect(await ingest.events()).toHaveLength(2)
})

test('an event tracked right before a reload is stored once, and the browser keeps nothing of it in the end', async ({
  ingest,
  site,
  page,
}) => {
  // What another page has left is taken up after ten seconds.
  test.slow()
  site.pages.set('/', shop(site, 'location.reload()'))

  await page.goto(site.url)
  await page.getByText('Look').click()
  await ingest.waitForEvents(1, { event: 'seen' })
  const reloaded = page.waitForEvent('load')
  await page.getByText('Buy').click()
  await reloaded

  await ingest.waitForEvents(1, { event: 'bought' })
  const prefix = `airhop.${ingest.writeKey.slice(-6)}.q.`
  const kept = () =>
    page.evaluate((prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix)), prefix)
  await expect.poll(kept, { timeout: 25_000 }).toEqual([])
  expect((await ingest.events()).map(({ event }) => event)).toEqual(['seen', 'bought'])
})
