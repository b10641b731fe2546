import { writeFileSync } from 'node:fs'
import { expect, open, send, test, track } from './opened.ts'

test('what was refused is grouped by reason, with what to do and examples, as it comes', async ({ ingest, page }) => {
  await open(page, ingest, 'refused')
  await expect(page.getByText('Nothing was refused')).toBeVisible()
  await send(ingest, [
    { type: 'track', userId: 'u', properties: { button: 'save' } },
    track('bad', { properties: 'text' }),
  ])
  const groups = page.getByTestId('refusal-group')
  await expect(groups).toHaveCount(2)
  const unnamed = groups.and(page.locator('[data-code=missing_event]'))
  await expect(unnamed).toContainText('1×')
  await expect(unnamed).toContainText('event is required: the name of what happened.')
  await expect(unnamed).toContainText('Give track() a name')
  await unnamed.locator('summary').click()
  await expect(unnamed.getByLabel('What was sent')).toContainText('"button": "save"')
  await expect(groups.and(page.locator('[data-code=invalid_properties]'))).toContainText('it is "text"')
})

test('what airhop.js drops in a browser stands there with its reason, once the next event is sent', async ({
  ingest,
  site,
  page,
  context,
}) => {
  await open(page, ingest, 'refused')
  await expect(page.getByText('No page has told of a loss')).toBeVisible()
  site.pages.set('/', site.page({ head: site.snippet() }))
  const customer = await context.newPage()
  await customer.goto(site.url)
  await customer.waitForFunction(() => 'VERSION' in (window as any).airhop)
  const statuses = await customer.evaluate(async () => {
    const { airhop } = window as any
    const cycle: { self?: object } = {}
    cycle.self = cycle
    const results = [
      airhop.track('report_saved', { text: 'x'.repeat(40_000) }),
      airhop.track('report_saved', cycle),
      airhop.track('report_saved', { pages: 3 }),
    ]
    return (await Promise.all(results)).map(({ status, reason }) => reason ?? status)
  })
  expect(statuses).toEqual(['event_too_large', 'unserializable', 'stored'])
  const loss = (reason: string) => page.locator(`[data-testid=loss][data-reason=${reason}]`)
  await expect(page.getByTestId('loss')).toHaveCount(2, { timeout: 10_000 })
  for (const reason of ['event_too_large', 'unserializable']) {
    await expect(loss(reason)).toContainText('1 event')
    await expect(loss(reason)).toContainText('on 1 page')
  }
  await expect(loss('event_too_large')).toContainText('Event over 32 KiB')
  await expect(loss('unserializable')).toContainText('Pass ids, names and numbers')

  // Said again with every request, and counted once.
  expect(await customer.evaluate(async () => (await (window as any).airhop.track('report_saved')).status)).toBe(
    'stored',
  )
  await ingest.waitForEvents(2)
  const answer = await page.request.get(`${ingest.url}/api/v1/losses`)
  expect((await answer.json()).losses).toMatchObject([
    { events: 1, pages: 1 },
    { events: 1, pages: 1 },
  ])
  await page.getByTestId('nav-health').click()
  await expect(page.getByTestId('lost-in-browsers')).toHaveText('2 lost in browsers in 30 days')
})

test('a person is found, with a timeline that shows the login, traits with their origin, and the account', async ({
  ingest,
  page,
}) => {
  const at = (minute: number) => new Date(Date.now() - (60 - minute) * 60_000).toISOString()
  const anonymousId = '4be1c2d0-1111-4bbb-8ccc-0123456789ab'
  await send(ingest, [
    { type: 'page', name: 'Home', anonymousId, timestamp: at(1) },
    { type: 'track', event: 'plan_chosen', anonymousId, timestamp: at(2) },
    {
      type: 'identify',
      userId: 'u_42',
      anonymousId,
      traits: { name: 'Mara Lind', plan: 'free' },
      timestamp: at(3),
      messageId: 'id-1',
    },
    { type: 'group', userId: 'u_42', anonymousId, groupId: 'acme', traits: { name: 'Acme Inc.' }, timestamp: at(4) },
    { type: 'identify', userId: 'u_42', anonymousId, traits: { plan: 'pro' }, timestamp: at(5), messageId: 'id-2' },
    { type: 'track', event: 'other', anonymousId: 'somebody', timestamp: at(6) },
  ])
  await ingest.waitForEvents(6)
  await open(page, ingest, 'people')
  await expect(page.getByTestId('person')).toHaveCount(2)
  await page.getByTestId('people-search').fill('mara')
  await expect(page.getByTestId('person')).toHaveCount(1)
  await page.getByTestId('person').getByRole('link').click()

  await expect(page.locator('h1')).toHaveText('Mara Lind')
  await expect(page.getByTestId('timeline-event')).toHaveCount(5)
  await expect(page.getByTestId('merge')).toContainText(
    'The browser 4be1c2 is u_42 from here on, and so are its 2 earlier events',
  )
  await expect(page.locator('[data-trait=plan]')).toContainText('pro')
  await expect(page.locator('[data-trait=plan]').getByRole('link')).toHaveAttribute('href', '#/live?open=id-2')
  await expect(page.locator('[data-trait=name]').getByRole('link')).toHaveAttribute('href', '#/live?open=id-1')

  await page.getByRole('link', { name: 'acme', exact: true }).click()
  await expect(page.locator('h1')).toHaveText('Acme Inc.')
  await expect(page.getByTestId('member')).toContainText('Mara Lind')
  await page.getByTestId('nav-accounts').click()
  await page.getByTestId('accounts-search').fill('acme')
  await expect(page.getByTestId('account')).toHaveCount(1)
})

test('the catalogue lists every name with its volume, its properties, and what a careful colleague would say', async ({
  ingest,
  page,
}) => {
  await send(ingest, [
    ...['signed_up', 'signed_up', 'signup', 'Sign Up'].map((event) => track(event)),
    track('paid', { properties: { amount: 12, plan: 'pro' } }),
    track('paid', { properties: { amount: '12 €', plan: 'free' } }),
    { type: 'page', name: 'Home', anonymousId: 'a' },
  ])
  await ingest.waitForEvents(7)
  await open(page, ingest, 'catalogue')
  const name = (text: string) => page.locator(`[data-testid=catalogue-name][data-name="${text}"]`)
  await expect(page.getByTestId('catalogue-name')).toHaveCount(5)
  await expect(name('signed_up').locator('.number')).toHaveText('2')
  await expect(name('signed_up').getByRole('img')).toHaveAttribute('aria-label', '2 in the last 24 hours')
  const warnings = (text: string) =>
    name(text)
      .getByTestId('warning')
      .evaluateAll((all) => all.map((each) => (each as HTMLElement).dataset.code))
  expect(await warnings('Sign Up')).toEqual(['near_duplicate', 'not_snake_case'])
  expect(await warnings('paid')).toEqual(['type_changed'])

  await name('paid').getByRole('link').click()
  const sheet = page.getByTestId('sheet')
  await expect(sheet.getByTestId('warning-text')).toContainText('amount was a number and came as a string')
  const fields = sheet.getByTestId('field')
  await expect(fields).toHaveCount(3)
  await expect(fields.nth(0)).toContainText(/amount\s*(number|string)/)
  await expect(fields.filter({ hasText: 'plan' })).toContainText('100 %')
  await expect(fields.filter({ hasText: 'plan' })).toContainText('"pro"')
  await expect(sheet.locator('canvas')).toBeVisible()

  await page.keyboard.press('Escape')
  await page.getByTestId('catalogue-filter').fill('sign')
  await expect(page.getByTestId('catalogue-name')).toHaveCount(3)
})

test('a funnel over chosen milestones is drawn, and stands in the address', async ({ ingest, page }) => {
  const at = (minute: number) => new Date(Date.now() - (60 - minute) * 60_000).toISOString()
  const did = (userId: string, ...events: string[]) =>
    events.map((event, minute) => ({ type: 'track', userId, event, timestamp: at(minute) }))
  await send(ingest, [
    ...did('a', 'signed_up', 'project_created', 'invited'),
    ...did('b', 'signed_up', 'project_created'),
    ...did('c', 'signed_up'),
    ...did('d', 'signed_up'),
  ])
  await ingest.waitForEvents(7)
  await open(page, ingest, 'funnel')
  for (const step of ['signed_up', 'project_created', 'invited']) await page.getByTestId('add-step').selectOption(step)
  const bars = page.getByTestId('funnel').locator('li')
  await expect(bars).toHaveCount(3)
  expect(await bars.evaluateAll((all) => all.map((bar) => (bar as HTMLElement).dataset.people))).toEqual([
    '4',
    '2',
    '1',
  ])
  await expect(bars.nth(1)).toContainText('50 % of all, 50 % of the step before, 2 left')
  const link = page.url()
  await page.goto('about:blank')
  await page.goto(link)
  await expect(bars).toHaveCount(3)
  await page.getByLabel('Leave out project_created').click()
  await expect(bars).toHaveCount(2)
})

test('health shows rates, verdicts, lag, sizes and the last error, the same as /metrics', async ({ ingest, page }) => {
  await open(page, ingest, 'health')
  await expect(page.getByTestId('health-status')).toHaveText('Events are taken and stored')
  await send(ingest, [track('a', { messageId: 'x' }), track('a', { messageId: 'x' }), { type: 'track', userId: 'u' }])
  await ingest.waitForEvents(1)
  await expect(page.getByTestId('tile-stored')).toContainText('1')
  await expect(page.getByTestId('tile-rate')).not.toContainText('0.0')
  await expect(page.getByTestId('tile-store')).toContainText(/\d (KiB|MiB)/)
  await expect(page.getByTestId('tile-lag')).toContainText('0')
  const verdicts = page.getByTestId('verdicts')
  await expect(verdicts.getByRole('row', { name: 'Accepted' })).toContainText('1')
  await expect(verdicts.getByRole('row', { name: 'Duplicates' })).toContainText('1')
  await expect(verdicts.getByRole('row', { name: 'missing_event' })).toContainText('1')
  await expect(page.locator('.chart canvas')).toBeVisible()
  const metrics = await (await page.request.get(`${ingest.url}/metrics`)).text()
  expect(metrics).toContain('airhop_events_total{verdict="duplicate"} 1')
})

test('what is not there says so, and one is one', async ({ ingest, page }) => {
  await open(page, ingest, 'funnel')
  await expect(page.getByText('No events to choose from yet')).toBeVisible()
  await send(ingest, [track('a')])
  await ingest.waitForEvents(1)
  await expect(page.getByText('Choose two milestones or more')).toBeVisible({ timeout: 15_000 })
  await page.goto(`${ingest.url}/#/funnel?steps=${encodeURIComponent('["a","never_sent"]')}`)
  await expect(page.getByTestId('funnel')).toContainText('No event never_sent was stored')
  await page.goto(`${ingest.url}/#/people?id=nobody_here`)
  await expect(page.getByTestId('trouble')).toHaveText('Nobody is known here by the id nobody_here.')
  await page.goto(`${ingest.url}/#/catalogue?type=track&name=never_sent`)
  await expect(page.getByTestId('sheet')).toContainText('No event of this name was stored')
  await expect(page.getByTestId('sheet')).not.toContainText('None were sent')
  await page.goto(`${ingest.url}/#/people`)
  await expect(page.getByTestId('person')).toContainText('1 event')
  await expect(page.getByTestId('person')).not.toContainText('1 events')
})

test.describe('to a reader in Tokyo', () => {
  test.use({ timezoneId: 'Asia/Tokyo' })

  test('a timeline is cut where a day begins there', async ({ ingest, page }) => {
    const at = (event: string, timestamp: string) => track(event, { userId: 'u_tz', timestamp })
    await send(ingest, [
      at('evening', '2026-03-01T14:30:00.000Z'),
      at('after_midnight', '2026-03-01T15:30:00.000Z'),
      at('morning', '2026-03-02T00:30:00.000Z'),
    ])
    await ingest.waitForEvents(3)
    await open(page, ingest, 'people?id=u_tz')
    await expect(page.getByTestId('timeline').locator('li')).toHaveText([
      /^Mon,? 2 Mar 2026$/,
      /09:30:00.*morning/,
      /00:30:00.*after_midnight/,
      /^Sun,? 1 Mar 2026$/,
      /23:30:00.*evening/,
    ])
    await page.getByTestId('timeline-event').first().getByRole('link').click()
    await expect(page.getByTestId('journey')).toContainText('2 Mar, 09:30:00.000')
  })
})

test('of a long timeline only a login that is seen is shown, and a trait said before it has its origin', async ({
  ingest,
  page,
}) => {
  const at = (minute: number) => new Date(Date.now() - (300 - minute) * 60_000).toISOString()
  const who = { anonymousId: 'browser-1', userId: 'u_long' }
  await send(ingest, [
    { type: 'identify', anonymousId: 'browser-1', traits: { plan: 'free' }, timestamp: at(0), messageId: 'anonymous' },
    ...Array.from({ length: 120 }, (_, n) => ({
      type: n % 20 === 0 ? 'identify' : 'track',
      event: 'used',
      ...who,
      timestamp: at(n + 1),
    })),
  ])
  await ingest.waitForEvents(121)
  await open(page, ingest, 'people?id=u_long')
  await expect(page.getByTestId('timeline-event')).toHaveCount(100)
  await expect(page.locator('[data-trait=plan]').getByRole('link')).toHaveAttribute('href', '#/live?open=anonymous')
  await expect(page.getByTestId('merge')).toHaveCount(0)
  await page.getByRole('button', { name: 'Show earlier events' }).click()
  await expect(page.getByTestId('merge')).toContainText('is u_long from here on, and so is its earlier event below')
})

test('a browser that is known by another call than identify shows when', async ({ ingest, page }) => {
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  await send(ingest, [
    { type: 'page', anonymousId: 'b-1', timestamp: minutesAgo(3) },
    track('paid', { anonymousId: 'b-1', timestamp: minutesAgo(2) }),
    { type: 'alias', userId: 'u_1', previousId: 'b-2', timestamp: minutesAgo(1) },
    { type: 'page', anonymousId: 'b-2', timestamp: minutesAgo(4) },
  ])
  await ingest.waitForEvents(4)
  await open(page, ingest, 'people?id=u_1')
  await expect(page.getByTestId('merge')).toHaveText([/browser b-2 is u_1/, /browser b-1 is u_1/])
})

test('shares of properties stay right while events come, and a filter is there again by the way back', async ({
  ingest,
  page,
}) => {
  const paid = { properties: { amount: 1 } }
  await send(ingest, [track('paid', paid), track('paid', paid), track('other')])
  await ingest.waitForEvents(3)
  await open(page, ingest, 'catalogue')
  await page.getByTestId('catalogue-filter').fill('pai')
  await expect(page.getByTestId('catalogue-name')).toHaveCount(1)
  await page.getByTestId('catalogue-name').getByRole('link').click()
  const sheet = page.getByTestId('sheet')
  await expect(sheet.getByTestId('field')).toContainText('100 %')
  await send(
    ingest,
    Array.from({ length: 8 }, () => track('paid', paid)),
  )
  await expect(sheet).toContainText('10 events')
  await expect(sheet.getByTestId('field')).toContainText('100 %')

  await sheet.getByRole('link', { name: 'see them live' }).click()
  await expect(page.getByTestId('event')).toHaveCount(10)
  // Leaving the sheet by a link closes it, and changes nothing where it leads.
  await expect(page).toHaveURL(/#\/live\?event=paid$/)
  await page.goBack()
  await expect(sheet).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('catalogue-filter')).toHaveValue('pai')
  await expect(page.getByTestId('catalogue-name')).toHaveCount(1)
  await page.getByTestId('catalogue-filter').fill('zzz')
  await expect(page.getByText('No name matches')).toBeVisible()
})

test('health says nothing is known while the server is away', async ({ ingest, page }) => {
  await open(page, ingest, 'health')
  await expect(page.getByTestId('health-status')).toHaveText('Events are taken and stored')
  await ingest.stop()
  await expect(page.getByTestId('health-status')).toHaveText('Not known')
  await ingest.start()
  await expect(page.getByTestId('health-status')).toHaveText('Events are taken and stored')
})

test('from a code in Health its group comes into view', async ({ ingest, page }) => {
  await page.setViewportSize({ width: 1000, height: 500 })
  await send(ingest, [
    { type: 'track', userId: 'u' },
    track('a', { properties: 'x' }),
    track('a', { context: 'x' }),
    track('a', { messageId: 7 }),
    track('a', { userId: {} }),
    { type: 'tracks', userId: 'u' },
    { type: 'group', userId: 'u' },
  ])
  await open(page, ingest, 'health')
  await page.getByTestId('verdicts').getByRole('link', { name: 'missing_event' }).click()
  const group = page.locator('[data-testid=refusal-group][data-code=missing_event]')
  await expect(group.locator('details')).toHaveAttribute('open', '')
  await expect(group.locator('header')).toBeInViewport()
})

test.describe('where senders are slowed down', () => {
  test.use({
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants it.
    ingestEnv: async ({}, use, testInfo) => {
      const file = testInfo.outputPath('config.json')
      const keys = { writeKeys: ['wk_shop'], adminTokens: ['at_at_least_16_characters'] }
      writeFileSync(file, JSON.stringify({ workspaces: [{ name: 'shop', ...keys, ratePerSecond: 0.001 }] }))
      await use({ AIRHOP_CONFIG: file })
    },
  })

  test('what was told to come again is counted, and nobody says that nothing was refused', async ({ ingest, page }) => {
    await open(page, ingest, 'health')
    await send(ingest, [track('a')])
    expect((await send(ingest, [track('b')])).status).toBe(429)
    await page.getByTestId('verdicts').getByRole('link', { name: 'rate_limited' }).click()
    await expect(page.getByTestId('unrecorded')).toContainText('No request of rate_limited is on record')
    await expect(page.getByTestId('unrecorded')).toContainText('raise ratePerSecond')
    await expect(page.getByText('Nothing was refused')).toHaveCount(0)
  })
})
