import type { Page } from '@playwright/test'
import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop
declare const analytics: Airhop

const loaded = (page: Page) => page.waitForFunction(() => typeof airhop === 'object' && airhop.VERSION)

test('the bare script tag, without the stub: calls made after it has loaded stand in the store', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: `<script src="${ingest.url}/airhop.js" data-key="${ingest.writeKey}" async></script>`,
      body: `<button onclick="airhop.track('plan_chosen', { plan: 'pro' })">Choose Pro</button>`,
    }),
  )

  await page.goto(site.url)
  await loaded(page)
  await page.getByText('Choose Pro').click()

  const [event] = await ingest.waitForEvents(1)
  expect(event).toMatchObject({ type: 'track', event: 'plan_chosen', properties: { plan: 'pro' }, userId: null })
})

test('calls pushed onto a plain array before the file is there are replayed in their order, and push works after', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: `
        <script>
          ;(window.airhop = window.airhop || []).push(['track', 'first', { n: 1 }], ['identify', 'usr_1'])
          ;(window.airhop = window.airhop || []).push(['track', 'second'])
        </script>
        <script src="${ingest.url}/airhop.js" data-key="${ingest.writeKey}" async></script>`,
    }),
  )

  await page.goto(site.url)
  await loaded(page)
  await page.evaluate(() => airhop.push(['track', 'third']))

  const events = await ingest.waitForEvents(4)
  expect(events.map(({ type, event, userId }) => [type, event ?? null, userId])).toEqual([
    ['track', 'first', null],
    ['identify', null, 'usr_1'],
    ['track', 'second', 'usr_1'],
    ['track', 'third', 'usr_1'],
  ])
  expect(events[0]!.properties).toEqual({ n: 1 })
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
})

test('the stub answers with promises that the file resolves with what became of each event', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({ head: site.snippet(), body: `<script>window.answer = airhop.track('made_on_the_stub')</script>` }),
  )

  await page.goto(site.url)
  const answer = await page.evaluate(() => (window as unknown as { answer: Promise<unknown> }).answer)

  const [event] = await ingest.waitForEvents(1)
  expect(answer).toEqual({ messageId: event!.messageId, status: 'stored' })
})

test('after group, later events carry the account as context.groupId, and earlier ones do not', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet() }))

  await page.goto(site.url)
  await page.evaluate(() => {
    airhop.track('before')
    airhop.identify('usr_1', { plan: 'free' })
    airhop.group('acc_1', { name: 'Harbour' })
    airhop.track('after')
  })

  const [before, identify, group, after] = await ingest.waitForEvents(4)
  expect(before!.context.groupId).toBeUndefined()
  expect(identify).toMatchObject({ type: 'identify', userId: 'usr_1', traits: { plan: 'free' } })
  expect(group).toMatchObject({ type: 'group', groupId: 'acc_1', userId: 'usr_1', traits: { name: 'Harbour' } })
  expect(after).toMatchObject({ event: 'after', userId: 'usr_1', context: { groupId: 'acc_1' } })
  expect(after!.anonymousId).toBe(before!.anonymousId)
})

test('a second page of the site makes a page call of its own, with the same anonymous id and the first as referrer', async ({
  ingest,
  site,
  page,
}) => {
  const call = '<script>airhop.page()</script>'
  site.pages.set('/', site.page({ title: 'Home', head: site.snippet(), body: `${call}<a href="/pricing">Pricing</a>` }))
  site.pages.set('/pricing', site.page({ title: 'Pricing', head: site.snippet(), body: call }))

  await page.goto(site.url)
  await page.getByText('Pricing').click()
  await page.waitForURL('**/pricing')

  const events = await ingest.waitForEvents(2)
  const home = events.find(({ properties }) => properties?.path === '/')!
  const pricing = events.find(({ properties }) => properties?.path === '/pricing')!
  expect(home).toMatchObject({ type: 'page', properties: { url: `${site.url}/`, title: 'Home', referrer: '' } })
  expect(pricing).toMatchObject({
    type: 'page',
    properties: { url: `${site.url}/pricing`, title: 'Pricing', referrer: `${site.url}/` },
  })
  expect(pricing.anonymousId).toBe(home.anonymousId)
  expect(pricing.messageId).not.toBe(home.messageId)
})

test('reset starts a new anonymous id without the user, here and in a tab that was open before', async ({
  ingest,
  site,
  page,
  context,
}) => {
  site.pages.set('/', site.page({ head: site.snippet() }))
  const second = await context.newPage()
  await page.goto(site.url)
  await second.goto(site.url)
  await loaded(second)

  await page.evaluate(() => airhop.identify('usr_1'))
  await page.evaluate(() => airhop.group('acc_1'))
  // Another process of the browser has it some milliseconds later.
  await second.waitForFunction(() => airhop.user().groupId())
  expect(await second.evaluate(() => airhop.track('second_tab_before'))).toMatchObject({ status: 'stored' })
  await page.evaluate(() => airhop.reset())
  await second.waitForFunction(() => !airhop.user().id())
  expect(await second.evaluate(() => airhop.track('second_tab_after'))).toMatchObject({ status: 'stored' })
  expect(await page.evaluate(() => airhop.track('first_tab_after'))).toMatchObject({ status: 'stored' })

  // Nothing but these: reset sends nothing.
  const events = await ingest.waitForEvents(5)
  const of = (name: string) => events.find(({ event }) => event === name)!
  expect(of('second_tab_before')).toMatchObject({ userId: 'usr_1', context: { groupId: 'acc_1' } })
  for (const name of ['second_tab_after', 'first_tab_after']) {
    expect(of(name).userId).toBeNull()
    expect(of(name).context.groupId).toBeUndefined()
    expect(of(name).anonymousId).not.toBe(of('second_tab_before').anonymousId)
  }
  expect(of('first_tab_after').anonymousId).toBe(of('second_tab_after').anonymousId)
})

test('data-global names the global: analytics is there, airhop is not', async ({ ingest, site, page }) => {
  site.pages.set(
    '/',
    site.page({
      head: `
        <script>;(window.analytics = window.analytics || []).push(['track', 'before_loading'])</script>
        <script src="${ingest.url}/airhop.js" data-key="${ingest.writeKey}" data-global="analytics" async></script>`,
    }),
  )

  await page.goto(site.url)
  await page.waitForFunction(() => 'VERSION' in analytics)
  await page.evaluate(() => analytics.track('after_loading'))

  const events = await ingest.waitForEvents(2)
  expect(events.map(({ event }) => event)).toEqual(['before_loading', 'after_loading'])
  expect(await page.evaluate(() => 'airhop' in window)).toBe(false)
})

test('data-flush-ms is how long events wait for others: until flush they wait together, then go in one request', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-flush-ms': '600000' } }) }))
  const bodies: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') bodies.push(request.postData() ?? '')
  })

  await page.goto(site.url)
  // The first after a pause goes at once; what follows waits.
  await page.evaluate(() => airhop.track('at_once'))
  await ingest.waitForEvents(1)
  const pending = await page.evaluate(() => {
    airhop.track('waits_1')
    airhop.track('waits_2')
    return airhop.stats().pending
  })
  expect(pending).toBe(2)
  expect(bodies.length).toBe(1)
  expect(await page.evaluate(() => airhop.flush())).toBe(0)

  const events = await ingest.waitForEvents(3)
  expect(events.map(({ event }) => event)).toEqual(['at_once', 'waits_1', 'waits_2'])
  expect(bodies.length).toBe(2)
})

for (const flushMs of ['100', '0'])
  test(`with ${flushMs} as data-flush-ms what follows the first event goes without flush`, async ({
    ingest,
    site,
    page,
  }) => {
    site.pages.set('/', site.page({ head: site.snippet({ attributes: { 'data-flush-ms': flushMs } }) }))

    await page.goto(site.url)
    await loaded(page)
    const tookMs = await page.evaluate(async () => {
      await airhop.track('at_once')
      const start = performance.now()
      await airhop.track('soon_after')
      return performance.now() - start
    })

    // Far below the default of 2000.
    expect(tookMs).toBeLessThan(1500)
    expect((await ingest.waitForEvents(2)).map(({ event }) => event)).toEqual(['at_once', 'soon_after'])
  })
