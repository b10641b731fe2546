import type { Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

interface Heard {
  /** What scripts say by console.error. */
  errors: string[]
  /** What they throw. */
  thrown: Error[]
  /** To the API. */
  posts: string[]
}

/** Chromium's own lines about a status or a connection are not ours: they stand under the file that was asked for. */
const listen = (page: Page): Heard => {
  const heard: Heard = { errors: [], thrown: [], posts: [] }
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      heard.errors.push(message.text())
    }
  })
  page.on('pageerror', (error) => heard.thrown.push(error))
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/ingest/')) heard.posts.push(request.url())
  })
  return heard
}

test('a write key that the server does not know: one console error, the events are kept, and the page works', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: site.snippet({ attributes: { 'data-key': 'wk_nobody_has_this_one' } }),
      body: `<button onclick="airhop.track('clicked'); this.textContent = 'Done'">Do</button>`,
    }),
  )
  const heard = listen(page)

  await page.goto(site.url)
  const first = await page.evaluate(() => airhop.track('first', { n: 1 }))
  const second = await page.evaluate(() => airhop.track('second'))
  await page.getByText('Do').click()
  await expect(page.getByText('Done')).toBeVisible()

  expect(first).toMatchObject({ status: 'saved', reason: 'http_401' })
  expect(second).toMatchObject({ status: 'saved' })
  const kept = await page.evaluate(() =>
    Object.entries(localStorage)
      .filter(([key]) => key.startsWith('airhop.is_one.q.'))
      .sort()
      .flatMap(([, json]) => JSON.parse(json).batch.map(({ event }: { event: string }) => event)),
  )
  expect(kept).toEqual(['first', 'second', 'clicked'])
  expect(heard.errors).toEqual([expect.stringMatching(/^airhop: .*write key.*data-key/)])
  expect(heard.posts).toHaveLength(1)
  expect(heard.thrown).toEqual([])
  expect(await ingest.events()).toEqual([])
})

test('a widget key: one console error that says to use the write key, and nothing is sent or kept', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-key': 'pk_0123456789abcdef' } }) }))
  const heard = listen(page)

  await page.goto(site.url)
  const results = await page.evaluate(async () => {
    const results = [
      await airhop.track('clicked'),
      await airhop.page(),
      await airhop.identify('usr_1'),
      await airhop.group('acc_1'),
    ]
    airhop.reset()
    return { results, left: await airhop.flush() }
  })

  expect(results.results.map(({ status, reason }) => [status, reason])).toEqual(
    Array(4).fill(['dropped', 'invalid_key']),
  )
  expect(results.left).toBe(0)
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
  expect(heard.errors).toEqual([expect.stringMatching(/data-key.*"pk_0123456789abcdef".*wk_/)])
  expect(heard.posts).toEqual([])
  expect(heard.thrown).toEqual([])
  expect(await ingest.events()).toEqual([])
  expect(await ingest.rejected()).toEqual([])
})

test('what cannot be sent costs itself only: the page gets no exception, each loss has a reason, and the rest arrives', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet() }))
  const heard = listen(page)

  await page.goto(site.url)
  await page.waitForFunction(() => airhop.VERSION)
  const { dropped, stats, statuses } = await page.evaluate(async () => {
    const dropped: unknown[] = []
    airhop.on('dropped', ({ reason }) => dropped.push(reason))
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const throwing = {
      get price() {
        throw new Error('not for you')
      },
    }
    const results = await Promise.all([
      airhop.track('good_1'),
      airhop.track('cyclic', cyclic),
      airhop.track('bigint', { count: 1n }),
      airhop.track('good_2'),
      airhop.track('throwing', throwing),
      airhop.track('too_large', { text: 'x'.repeat(32 * 1024) }),
      airhop.identify('usr_1', cyclic),
      airhop.track('good_3'),
    ])
    return { dropped, stats: airhop.stats(), statuses: results.map(({ status }) => status) }
  })

  expect(dropped).toEqual(['unserializable', 'unserializable', 'unserializable', 'event_too_large', 'unserializable'])
  expect(statuses).toEqual(['stored', 'dropped', 'dropped', 'stored', 'dropped', 'dropped', 'dropped', 'stored'])
  expect(stats).toEqual({
    tracked: 8,
    delivered: 3,
    rejected: 0,
    dropped: { unserializable: 4, event_too_large: 1 },
    pending: 0,
  })
  expect((await ingest.waitForEvents(3)).map(({ event }) => event)).toEqual(['good_1', 'good_2', 'good_3'])
  expect(await ingest.rejected()).toEqual([])
  expect(heard).toMatchObject({ errors: [], thrown: [] })
})

test('an event that the server refuses is rejected with its code, and its neighbours in the batch are stored', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: site.snippet(),
      // On the stub, so that all three are of one batch.
      body: `<script>
        window.answers = Promise.all([
          airhop.track('before'),
          airhop.track('refused', ['not', 'an', 'object']),
          airhop.track('after'),
        ])
      </script>`,
    }),
  )
  const heard = listen(page)

  await page.goto(site.url)
  const answers = await page.evaluate(() => (window as unknown as { answers: Promise<unknown> }).answers)

  expect(answers).toEqual([
    { messageId: expect.any(String), status: 'stored' },
    { messageId: expect.any(String), status: 'rejected', reason: 'invalid_properties' },
    { messageId: expect.any(String), status: 'stored' },
  ])
  expect((await ingest.waitForEvents(2)).map(({ event }) => event)).toEqual(['before', 'after'])
  await expect.poll(async () => (await ingest.rejected()).map(({ code }) => code)).toEqual(['invalid_properties'])
  expect(heard.posts).toHaveLength(1)
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('.q.')))).toEqual([])
})
