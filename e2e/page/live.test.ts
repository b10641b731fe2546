import { expect, open, send, test, track } from './opened.ts'

test('a row says what, who, from where, and how long it took; the newest comes first', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  const nowIso = new Date().toISOString()
  await send(ingest, [
    {
      type: 'page',
      name: 'Pricing',
      anonymousId: 'anon-1',
      context: { page: { path: '/pricing' } },
      timestamp: nowIso,
    },
    { type: 'identify', userId: 'u_1', anonymousId: 'anon-1', traits: { name: 'Mara' }, timestamp: nowIso },
    track('signed_up', { anonymousId: 'anon-1', timestamp: nowIso }),
  ])
  const rows = page.getByTestId('event')
  await expect(rows).toHaveCount(3)
  await expect(rows.nth(0)).toContainText('signed_up')
  await expect(rows.nth(0)).toContainText('anon-1→u_1')
  await expect(rows.nth(0)).toContainText(/\d (ms|s)$/)
  await expect(rows.nth(2)).toContainText('anonymous')
  await expect(rows.nth(2)).toContainText('/pricing')
  await expect(page.getByTestId('count')).toHaveText('3 events')
})

test('filters stand in the address, hold for the past and for what comes, and are there again by the link', async ({
  ingest,
  page,
}) => {
  await send(ingest, [track('a'), { type: 'page', anonymousId: 'other' }, track('b')])
  await ingest.waitForEvents(3)
  await open(page, ingest, 'live')
  const rows = page.getByTestId('event')
  await expect(rows).toHaveCount(3)
  await page.getByTestId('filter-type').selectOption('track')
  await expect(rows).toHaveCount(2)
  await page.getByTestId('filter-event').fill('b')
  await expect(rows).toHaveCount(1)
  await expect(page).toHaveURL(/#\/live\?type=track&event=b$/)
  await send(ingest, [track('a'), track('b', { messageId: 'again' })])
  await expect(rows).toHaveCount(2)

  const link = page.url()
  await page.goto(`${ingest.url}/#/health`)
  await page.goto(link)
  await expect(rows).toHaveCount(2)
  await expect(page.getByTestId('filter-event')).toHaveValue('b')
  await page.goto(`${ingest.url}/#/live?who=other`)
  await expect(rows).toHaveCount(1)
  await page.getByText('Clear').click()
  await expect(rows).toHaveCount(5)
})

test('what is typed into filters stays as it is typed while events come', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  let typing = true
  const stream = (async () => {
    for (let sent = 0; typing; sent += 1)
      await send(ingest, [track('Sign Up', { messageId: `s-${sent}`, userId: 'mara' })])
  })()
  await expect(page.getByTestId('event').first()).toBeVisible()
  // Each key is drawn over by new rows, and there is a rest after the blank.
  await page.getByTestId('filter-event').pressSequentially('Sign ', { delay: 120 })
  await expect(page).toHaveURL(/event=Sign$/)
  await page.getByTestId('filter-event').pressSequentially('Up', { delay: 120 })
  await page.getByTestId('filter-who').fill('mara')
  typing = false
  await stream
  await expect(page).toHaveURL(/event=Sign\+Up&who=mara$/)
  await expect(page.getByTestId('filter-event')).toHaveValue('Sign Up')
  await expect(page.getByTestId('event').first()).toContainText('Sign Up')
  await page.getByText('Clear').click()
  await expect(page.getByTestId('filter-event')).toHaveValue('')
})

test('a filter that no event can match is said so, instead of a connection that is lost', async ({ ingest, page }) => {
  await open(page, ingest, 'live?type=tracks')
  await expect(page.getByTestId('trouble')).toHaveText(
    'type must be one of identify, track, page, screen, group, alias; it is "tracks".',
  )
  await expect(page.getByTestId('state')).toHaveText('Stopped')
  await page.getByText('Clear').click()
  await expect(page.getByTestId('state')).toHaveText('Live')
  await expect(page.getByTestId('trouble')).toHaveCount(0)
})

test('paused, it holds what comes; resumed, it shows it', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  await send(ingest, [track('before')])
  await expect(page.getByTestId('event')).toHaveCount(1)
  await page.getByTestId('pause').click()
  await expect(page.getByTestId('state')).toHaveText('Paused')
  await send(ingest, [track('meanwhile_1'), track('meanwhile_2')])
  await expect(page.getByTestId('pause')).toHaveText('Resume (2 new)')
  await expect(page.getByTestId('event')).toHaveCount(1)
  await page.getByTestId('pause').click()
  await expect(page.getByTestId('event')).toHaveCount(3)
  await expect(page.getByTestId('event').first()).toContainText('meanwhile_2')
})

test('an event opens to its canonical form, its raw call, the corrected clock and its duplicates', async ({
  ingest,
  page,
}) => {
  // A clock that is an hour behind.
  const hourAgo = Date.now() - 3_600_000
  const call = track('late', { messageId: 'm-1', timestamp: new Date(hourAgo - 2000).toISOString(), only_raw: 'yes' })
  const envelope = { sentAt: new Date(hourAgo).toISOString(), context: { locale: 'de' } }
  await send(ingest, [call], envelope)
  await send(ingest, [call], envelope)
  await send(ingest, [track('marker')])
  await ingest.waitForEvents(2)
  await open(page, ingest, 'live')
  await page.getByTestId('event').filter({ hasText: 'late' }).getByRole('button').click()
  const sheet = page.getByTestId('sheet')
  await expect(sheet.getByTestId('clock')).toContainText(/clock was (60 min|1 h) behind/)
  await expect(sheet.getByTestId('journey')).toContainText('2.0 s later')
  await expect(sheet.getByTestId('duplicates')).toContainText('it came 1 more time')
  await expect(sheet.getByLabel('Canonical event as JSON')).toContainText('"receivedAt"')
  await expect(sheet.getByLabel('The call as it came')).toContainText('"only_raw": "yes"')
  await expect(sheet.getByLabel('The envelope as it came')).toContainText('"locale": "de"')
  await expect(page).toHaveURL(/open=m-1/)

  await page.keyboard.press('Escape')
  await expect(sheet).toHaveCount(0)
  await expect(page).not.toHaveURL(/open=/)
})

test('the stream goes on after the server was away, with nothing missed and nothing twice', async ({
  ingest,
  page,
}) => {
  await open(page, ingest, 'live')
  await send(ingest, [track('one')])
  await expect(page.getByTestId('event')).toHaveCount(1)
  await ingest.stop()
  await expect(page.getByTestId('state')).toContainText('Connection lost')
  await ingest.start()
  await send(ingest, [track('two'), track('three')])
  await expect(page.getByTestId('state')).toHaveText('Live', { timeout: 20_000 })
  await expect(page.getByTestId('event')).toHaveCount(3)
  await send(ingest, [track('four')])
  await expect(page.getByTestId('event')).toHaveCount(4)
  const names = await page
    .getByTestId('event')
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.event))
  expect(names).toEqual(['four', 'three', 'two', 'one'])
})

test('thousands of events leave a bounded page', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  for (let from = 0; from < 5000; from += 500) {
    await send(
      ingest,
      Array.from({ length: 500 }, (_, at) => track(`e_${from + at}`, { properties: { text: 'x'.repeat(2000) } })),
    )
  }
  await expect(page.getByTestId('event').first()).toContainText('e_4999', { timeout: 15_000 })
  expect(await page.getByTestId('event').count()).toBeLessThanOrEqual(300)
})

test('refusals stand in the stream, and lead to what to do', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  await send(ingest, [{ type: 'track', userId: 'u' }, track('good')])
  const refused = page.getByTestId('rejected')
  await expect(refused).toContainText('A track without a name')
  await refused.getByRole('link').click()
  await expect(page.getByTestId('refusal-group')).toHaveAttribute('data-code', 'missing_event')
})

test('the keyboard alone goes from the address to an event and back', async ({ ingest, page }) => {
  await send(ingest, [track('first'), track('second')])
  await ingest.waitForEvents(2)
  await open(page, ingest, 'live')
  await expect(page.getByTestId('event')).toHaveCount(2)
  const focused = () =>
    page.evaluate(() => (document.activeElement === document.body ? '' : (document.activeElement?.textContent ?? '')))
  for (let press = 0; press < 30 && !(await focused()).includes('second'); press += 1) await page.keyboard.press('Tab')
  expect(await focused()).toContain('second')
  await page.keyboard.press('ArrowDown')
  expect(await focused()).toContain('first')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('sheet')).toContainText('first')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('sheet')).toHaveCount(0)
  expect(await focused()).toContain('first')
})

test('of a past in several pieces, each row stands where it arrived', async ({ ingest, page }) => {
  const long = { properties: { text: 'x'.repeat(30_000) } }
  await send(
    ingest,
    Array.from({ length: 90 }, (_, at) => track(`e_${at}`, long)),
  )
  await ingest.waitForEvents(90)
  // In the stream it comes before all of them.
  await send(ingest, [{ type: 'track', userId: 'u' }])
  await send(ingest, [track('last')])
  await ingest.waitForEvents(91)
  await open(page, ingest, 'live')
  const rows = page.getByTestId('rows').locator('li')
  await expect(rows).toHaveCount(92)
  await expect(rows.nth(0)).toHaveAttribute('data-event', 'last')
  await expect(rows.nth(1)).toHaveAttribute('data-code', 'missing_event')
})

test('the strip counts an event once, whatever is filtered by', async ({ ingest, page }) => {
  await send(ingest, [track('a'), track('a')])
  await ingest.waitForEvents(2)
  await open(page, ingest, 'live')
  /** The tallest bar, in pixels: four events would fill the strip. */
  const height = () =>
    page.locator('canvas.strip').evaluate((strip: HTMLCanvasElement) => {
      const { width, height } = strip
      const { data } = strip.getContext('2d')!.getImageData(0, 0, width, height)
      for (let at = 3; at < data.length; at += 4) if (data[at]! > 0) return height - Math.floor(at / 4 / width)
      return 0
    })
  await expect.poll(height).toBeGreaterThan(10)
  const once = await height()
  await page.getByTestId('filter-type').selectOption('page')
  await expect(page.getByText('Nothing matches yet')).toBeVisible()
  await page.getByTestId('filter-type').selectOption('')
  // They are drawn with their rows.
  await expect(page.getByTestId('event')).toHaveCount(2)
  expect(await height()).toBe(once)
})

test('another filter while it is paused shows what matches', async ({ ingest, page }) => {
  await send(ingest, [track('a'), { type: 'page', anonymousId: 'other' }])
  await ingest.waitForEvents(2)
  await open(page, ingest, 'live')
  await expect(page.getByTestId('event')).toHaveCount(2)
  await page.getByTestId('pause').click()
  await page.getByTestId('filter-type').selectOption('page')
  await expect(page.getByTestId('event')).toHaveCount(1)
  await expect(page.getByTestId('state')).toHaveText('Live')
})

test('who listens is told of news now and then, not of each', async ({ ingest, page }) => {
  await open(page, ingest, 'live')
  await page.evaluate(() => {
    const said: string[] = []
    Object.assign(window, { said })
    const region = document.querySelector('.live > [aria-live=polite]')!
    new MutationObserver(() => said.push(region.textContent!)).observe(region, {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  for (let at = 0; at < 12; at += 1) {
    await send(ingest, [track(`e_${at}`)])
    await expect(page.getByTestId('event')).toHaveCount(at + 1)
  }
  const said = () => page.evaluate(() => (window as any).said as string[])
  await expect.poll(async () => (await said()).at(-1)).toContain('Newest: track e_11')
  // Each was drawn by itself.
  expect((await said()).length).toBeLessThan(6)
})

test('what a bot did is marked, a person’s is not', async ({ ingest, page }) => {
  const by = (userAgent: string) => ({ context: { userAgent } })
  await send(ingest, [
    track('crawled', by('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')),
    track('bought', by('Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0.0.0 Safari/537.36')),
  ])
  await open(page, ingest, 'live')
  const badge = (event: string) => page.locator(`[data-event=${event}]`).getByText('bot', { exact: true })
  await expect(badge('crawled')).toHaveCount(1)
  await expect(page.locator('[data-event=bought]')).toBeVisible()
  await expect(badge('bought')).toHaveCount(0)
})

test('on plain http, without a clipboard, an event is copied all the same, and the focus stays', async ({
  ingest,
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await send(ingest, [track('a', { messageId: 'm-1' })])
  await ingest.waitForEvents(1)
  await open(page, ingest, 'live?open=m-1')
  await page.evaluate(() => navigator.clipboard.writeText('before'))
  const read = await page.evaluateHandle(() => navigator.clipboard.readText.bind(navigator.clipboard))
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  const copy = page.getByTestId('sheet').getByRole('button', { name: 'Copy' }).first()
  await copy.click()
  await expect(page.getByTestId('sheet').getByText('Copied')).toBeVisible()
  expect(JSON.parse(await read.evaluate((read) => read()))).toMatchObject({ event: 'a', messageId: 'm-1' })
  expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/Cop/)
})
