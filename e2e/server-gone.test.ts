import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

test('events tracked while the server is away arrive once it is back: in order, once, with the time they were made', async ({
  ingest,
  site,
  page,
}) => {
  await ingest.stop()
  site.pages.set(
    '/',
    site.page({
      head: site.snippet({
        attributes: { src: '/airhop.js', 'data-host': ingest.url, 'data-flush-ms': '100' },
      }),
    }),
  )
  await page.goto(site.url)
  const made = await page.evaluate(async () => {
    const from = Date.now()
    const first = await airhop.track('n_0')
    const calls = [1, 2, 3, 4, 5].map((n) => airhop.track(`n_${n}`))
    return { from, until: Date.now(), first, waiting: airhop.stats().pending, calls: calls.length }
  })
  expect(made.first).toMatchObject({ status: 'saved' })
  expect(made.waiting).toBe(6)
  await ingest.start()

  const events = await ingest.waitForEvents(6)
  expect(events.map(({ event }) => event)).toEqual(['n_0', 'n_1', 'n_2', 'n_3', 'n_4', 'n_5'])
  for (const { originalTimestamp, timestamp, receivedAt } of events) {
    expect(Date.parse(originalTimestamp!)).toBeGreaterThanOrEqual(made.from)
    expect(Date.parse(originalTimestamp!)).toBeLessThanOrEqual(made.until)
    // By the server's clock, which is the same one here; the way of the request is all that may come between.
    expect(Math.abs(Date.parse(timestamp) - Date.parse(originalTimestamp!))).toBeLessThan(1000)
    expect(Date.parse(receivedAt)).toBeGreaterThan(made.until)
  }
  expect(await page.evaluate(() => airhop.flush())).toBe(0)
  expect(await page.evaluate(() => airhop.stats())).toMatchObject({ tracked: 6, delivered: 6, pending: 0 })
  expect(await ingest.events()).toHaveLength(6)
})

test('a visit whose server was never there leaves its events to the next visit', async ({ ingest, site, page }) => {
  // What another page has left is taken up after ten seconds.
  test.slow()
  await ingest.stop()
  const head = site.snippet({ attributes: { src: '/airhop.js', 'data-host': ingest.url } })
  site.pages.set('/', site.page({ head, body: '<script>airhop.page(); airhop.track("in_vain")</script>' }))
  site.pages.set('/later', site.page({ head }))
  await page.goto(site.url)
  expect(await page.evaluate(() => airhop.track('in_vain_too'))).toMatchObject({ status: 'saved' })
  await page.goto('about:blank')
  await ingest.start()

  await page.goto(`${site.url}/later`)
  await expect.poll(async () => (await ingest.events()).length, { timeout: 25_000 }).toBe(3)
  const events = await ingest.events()
  expect(events.map(({ type, event }) => event ?? type)).toEqual(['page', 'in_vain', 'in_vain_too'])
  expect(events.map(({ context }) => (context.page as { path: string }).path)).toEqual(['/', '/', '/'])
})

test('what was answered as stored is there after the server was killed at that moment, and the rest follows', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-flush-ms': '1' } }) }))
  const answered: string[] = []
  let restarted: Promise<void> | undefined
  await page.exposeFunction('stored', (messageId: string) => {
    answered.push(messageId)
    if (answered.length >= 20) restarted ??= ingest.kill().then(ingest.start)
  })
  await page.goto(site.url)
  await page.evaluate(async () => {
    const { stored } = window as unknown as { stored(messageId: string): void }
    for (let n = 0; n < 200; n++) {
      airhop.track(`n_${n}`).then(({ status, messageId }) => status === 'stored' && stored(messageId))
      await new Promise(requestAnimationFrame)
    }
  })
  await expect.poll(() => answered.length).toBeGreaterThanOrEqual(20)
  await restarted

  const kept = (await ingest.waitForEvents(200)).map(({ messageId }) => messageId)
  expect(new Set(kept).size).toBe(200)
  expect(kept).toEqual(expect.arrayContaining(answered))
  expect((await ingest.events()).map(({ event }) => event)).toEqual(Array.from({ length: 200 }, (_, n) => `n_${n}`))
})
