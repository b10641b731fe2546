import type { Airhop } from '../src/calls.ts'
import { collectEvents } from '../src/testing.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

test('collectEvents has what a page sends, also when it leaves, and the server gets nothing of it', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: site.snippet(),
      body: `
        <button onclick="airhop.track('project_created', { projectId: 'p_1', at: new Date(0) })">Create</button>
        <a href="/next" onclick="airhop.identify('u_1', { plan: 'pro' }); airhop.track('left', { n: 1 })">Leave</a>
        <script>airhop.group('acme')</script>`,
    }),
  )
  site.pages.set('/next', site.page({ body: 'Next' }))
  const collected = await collectEvents(page)

  await page.goto(site.url)
  await page.getByText('Create').click()
  const created = await collected.expectEvent('project_created', { projectId: 'p_1', at: new Date(0) })
  expect(created).toMatchObject({ type: 'track', context: { groupId: 'acme', library: { name: 'airhop' } } })
  await collected.expectNoEvent('project_deleted')

  await page.getByText('Leave').click()
  await page.waitForURL('**/next')
  const left = await collected.expectEvent('left', { n: expect.any(Number) })
  expect(left).toMatchObject({ userId: 'u_1', anonymousId: created.anonymousId })
  await collected.expectEvent({ type: 'identify', userId: 'u_1', traits: { plan: 'pro' } })

  expect(collected.events.map(({ type, event }) => event ?? type)).toEqual([
    'group',
    'project_created',
    'identify',
    'left',
  ])
  expect(await ingest.events()).toEqual([])
})

test('collectEvents says what came when an event does not come, or comes and should not', async ({ site, page }) => {
  site.pages.set(
    '/',
    site.page({ head: site.snippet(), body: `<script>airhop.track('first'); airhop.track('x')</script>` }),
  )
  const collected = await collectEvents(page)
  await page.goto(site.url)
  // It waits with the second event for more: expectNoEvent has it sent.
  await expect(collected.expectNoEvent('x')).rejects.toThrow('There is track x')
  await expect(collected.expectEvent('y', { n: 1 }, { timeoutMs: 50 })).rejects.toThrow(
    'No event is track y {"n":1}\nThese events came:\n track first\n track x',
  )
})

test('collectEvents of a context says no event came only when every page of it has sent what waits', async ({
  site,
  page,
  context,
}) => {
  site.pages.set('/', site.page({ head: site.snippet() }))
  const collected = await collectEvents(context)
  const other = await context.newPage()
  for (const one of [page, other]) await one.goto(site.url)
  await page.evaluate(() => airhop.track('first'))
  await collected.expectNoEvent('x')
  // It waits for more.
  await page.evaluate(() => void airhop.track('x'))
  await expect(collected.expectNoEvent('x')).rejects.toThrow('There is track x')
})

test('collectEvents has the events of a page that leaves for another site', async ({ ingest, site, page }) => {
  const elsewhere = site.url.replace('127.0.0.1', 'localhost')
  site.pages.set(
    '/',
    site.page({
      head: site.snippet(),
      body: `
        <script>airhop.track('first')</script>
        <a href="${elsewhere}/next" onclick="airhop.track('second'); airhop.track('third')">Leave</a>`,
    }),
  )
  site.pages.set('/next', site.page({ body: 'Next' }))
  const collected = await collectEvents(page.context())
  await page.goto(site.url)
  await collected.expectEvent('first')
  await page.getByText('Leave').click()
  await page.waitForURL(`${elsewhere}/next`)
  await collected.expectEvent('third')
  expect(collected.events.map(({ event }) => event)).toEqual(['first', 'second', 'third'])
  expect(await ingest.events()).toEqual([])
})
