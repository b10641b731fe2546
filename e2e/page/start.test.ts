import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect, open, send, test, track } from './opened.ts'

test('the token is shown once: it leaves the address, and a cookie that no script can read stays', async ({
  ingest,
  page,
  context,
}) => {
  await open(page, ingest)
  await expect(page).toHaveURL(`${ingest.url}/#/start`)
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({ name: 'airhop_session', httpOnly: true, sameSite: 'Strict' })
  expect(
    await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })),
  ).not.toContain(ingest.adminToken)
  await page.reload()
  await expect(page.getByTestId('nav-live')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByTestId('token-form')).toBeVisible()
  await page.reload()
  await expect(page.getByTestId('token-form')).toBeVisible()
})

test('a wrong token is said so, the right one opens the page', async ({ ingest, page }) => {
  await page.goto(ingest.url)
  await page.getByTestId('token').fill(ingest.writeKey)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('trouble')).toContainText(/write key.*admin token/i)
  await page.getByTestId('token').fill(ingest.adminToken)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('arrival')).toHaveAttribute('data-state', 'waiting')
})

test('the page asks nothing of any other host', async ({ ingest, page }) => {
  const hosts = new Set<string>()
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  await open(page, ingest)
  for (const view of ['live', 'refused', 'people', 'accounts', 'catalogue', 'funnel', 'health', 'start']) {
    await page.getByTestId(`nav-${view}`).click()
    await expect(page.locator('h1')).toBeVisible()
  }
  expect([...hosts]).toEqual([new URL(ingest.url).host])
})

for (const way of ['Snippet', 'With SRI']) {
  test(`the copied code (${way}) sends an event that is shown within half a second of being stored`, async ({
    ingest,
    site,
    page,
    context,
  }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await open(page, ingest, 'start')
    await page.getByRole('tab', { name: way }).click()
    await expect(page.getByTestId('install-code')).toContainText(way === 'Snippet' ? 'airhop.js' : 'integrity="sha384-')
    await page.getByTestId('install-code-copy').click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toContain(ingest.writeKey)
    const shownAtMs = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (!document.querySelector('[data-testid=arrival][data-state=arrived]')) return
            resolve(Date.now())
            observer.disconnect()
          }
          const observer = new MutationObserver(look)
          observer.observe(document.body, { subtree: true, childList: true, attributes: true })
        }),
    )

    site.pages.set('/', site.page({ head: copied }))
    const customer = await context.newPage()
    await customer.goto(site.url)
    await expect(page.getByTestId('arrival')).toContainText('It arrived')
    const messageId = await page.getByTestId('arrived-event').getAttribute('data-message-id')
    const answer = await page.request.get(`${ingest.url}/api/v1/inspect?messageId=${messageId}`)
    const { event, storedAt } = await answer.json()
    expect(event.type).toBe('page')
    expect((await shownAtMs) - Date.parse(storedAt)).toBeLessThanOrEqual(500)
  })
}

test('the curl command works as it stands', async ({ ingest, page }) => {
  await open(page, ingest, 'start')
  await page.getByRole('tab', { name: 'curl' }).click()
  const command = await page.getByTestId('install-code').innerText()
  execFileSync('bash', ['-c', command], { stdio: 'pipe' })
  await expect(page.getByTestId('arrived-event')).toContainText('signed_up')
})

test('a test event is sent by the real airhop.js and seen', async ({ ingest, page }) => {
  await open(page, ingest, 'start')
  await page.getByTestId('try').click()
  await expect(page.getByTestId('try-outcome')).toContainText('here it is')
  await expect(page.getByTestId('arrived-event')).toContainText('test_event')
  const [stored] = await ingest.waitForEvents(1)
  expect(stored).toMatchObject({ event: 'test_event', context: { library: { name: 'airhop' } } })
})

test('the test event says when an ad blocker stops the script, or the request', async ({ ingest, page }) => {
  await open(page, ingest, 'start')
  await page.route('**/airhop.js', (route) => route.abort('blockedbyclient'))
  await page.getByTestId('try').click()
  await expect(page.getByTestId('try-outcome')).toContainText(
    'airhop.js could not be loaded although the server answers',
  )
  await page.unroute('**/airhop.js')
  await page.route('**/ingest/**', (route) => route.abort('blockedbyclient'))
  await page.getByTestId('try').click()
  await expect(page.getByTestId('try-outcome')).toContainText('stopped in this browser although the server answers')
})

test('instead of the event comes the reason: a wrong key, a widget key, a refusal', async ({
  ingest,
  site,
  page,
  context,
}) => {
  await open(page, ingest, 'start')
  const reason = (code: string) => page.locator(`[data-testid=reason][data-code=${code}]`)
  site.pages.set(
    '/',
    site.page({
      head: site.snippet({ attributes: { 'data-key': 'wk_of_somebody_else' } }),
      body: '<script>airhop.page()</script>',
    }),
  )
  const customer = await context.newPage()
  await customer.goto(site.url)
  await expect(reason('invalid_write_key')).toContainText('This write key is not known here')
  await expect(reason('invalid_write_key')).toContainText(ingest.writeKey)

  await fetch(`${ingest.url}/ingest/v1/track`, {
    method: 'POST',
    body: '{"writeKey":"pk_widget","event":"e","userId":"u"}',
  })
  await expect(reason('invalid_write_key')).toContainText('This is a public widget key')

  await send(ingest, [{ type: 'track', userId: 'u' }])
  await expect(reason('missing_event')).toContainText('event is required')
  await send(ingest, [track('works')])
  await expect(page.getByTestId('arrived-event')).toContainText('works')
  await expect(page.getByTestId('reason')).toHaveCount(0)
})

test.describe('where only some origins may send', () => {
  const allow = (file: string, allowedOrigins: string[]) => {
    const keys = { writeKeys: ['wk_shop'], adminTokens: ['at_at_least_16_characters'] }
    writeFileSync(file, JSON.stringify({ workspaces: [{ name: 'shop', ...keys, allowedOrigins }] }))
  }
  test.use({
    // biome-ignore lint/correctness/noEmptyPattern: Playwright wants it.
    ingestEnv: async ({}, use, testInfo) => {
      const file = testInfo.outputPath('config.json')
      allow(file, ['https://app.example.com'])
      await use({ AIRHOP_CONFIG: file })
    },
  })

  test('a test event that is refused leaves no page that was silent', async ({ ingest, page }) => {
    await open(page, ingest, 'start')
    await page.getByTestId('try').click()
    await expect(page.getByTestId('try-outcome')).toContainText(`${ingest.url} is not among allowedOrigins`)
    const { sightings } = await (await page.request.get(`${ingest.url}/api/v1/sightings`)).json()
    expect(sightings).toMatchObject([{ site: ingest.url, scriptAt: expect.any(String), sentAt: expect.any(String) }])
  })

  test('a page of another one is the reason, by its origin, until that is allowed', async ({
    ingest,
    ingestEnv,
    site,
    page,
    context,
  }) => {
    await open(page, ingest, 'start')
    const reason = page.locator('[data-testid=reason][data-code=origin_not_allowed]')
    const customer = await context.newPage()
    const said: string[] = []
    customer.on('console', (message) => said.push(message.text()))
    site.pages.set('/', site.page({ head: site.snippet(), body: '<script>airhop.page()</script>' }))
    await customer.goto(site.url)
    await expect(reason).toContainText('Origin not allowed (CORS)')
    await expect(reason).toContainText(`takes nothing from pages of ${site.url}`)
    await expect(reason).toContainText('add that to its allowedOrigins')
    expect(await ingest.events()).toEqual([])

    await page.getByText('Nothing arrives from your page?').click()
    await customer.evaluate(await page.getByTestId('check-code').innerText())
    expect(said.at(-1)).toContain('origin_not_allowed')

    await page.getByTestId('try').click()
    await expect(page.getByTestId('try-outcome')).toContainText(`${ingest.url} is not among allowedOrigins`)

    // As the sentence says.
    allow(ingestEnv.AIRHOP_CONFIG!, ['https://app.example.com', site.url])
    await ingest.start()
    await customer.reload()
    await expect(page.getByTestId('arrival')).toContainText('It arrived', { timeout: 15_000 })
    await expect(reason).toHaveCount(0)
  })
})

for (const [name, stop] of [
  ['a Content-Security-Policy', 'policy'],
  ['an ad blocker', 'blocker'],
] as const) {
  test(`a page that ${name} keeps from sending is named, and the check pasted into its console says why`, async ({
    ingest,
    site,
    page,
    context,
  }) => {
    await open(page, ingest, 'start')
    const customer = await context.newPage()
    const said: string[] = []
    customer.on('console', (message) => said.push(message.text()))
    const policy = `<meta http-equiv="Content-Security-Policy" content="connect-src 'self'">`
    const head = `${stop === 'policy' ? policy : ''}${site.snippet()}`
    if (stop === 'blocker') await customer.route('**/ingest/**', (route) => route.abort('blockedbyclient'))
    site.pages.set('/', site.page({ head, body: '<script>airhop.page()</script>' }))
    await customer.goto(site.url)

    const reason = page.locator('[data-testid=reason][data-code=silent_page]')
    await expect(reason).toContainText('airhop.js was loaded, and nothing was sent', { timeout: 10_000 })
    await expect(reason).toContainText(site.url)

    await page.getByText('Nothing arrives from your page?').click()
    await customer.evaluate(await page.getByTestId('check-code').innerText())
    await expect.poll(() => said.some((line) => line.includes('the request did not arrive'))).toBe(true)
    expect(said.some((line) => line.includes('connect-src must allow'))).toBe(stop === 'policy')
  })
}

test('the check says so when nothing is wrong, and when the key is', async ({ ingest, site, page, context }) => {
  await open(page, ingest, 'start')
  await page.getByText('Nothing arrives from your page?').click()
  const code = await page.getByTestId('check-code').innerText()
  const customer = await context.newPage()
  const said: string[] = []
  customer.on('console', (message) => said.push(message.text()))
  site.pages.set('/', site.page({ head: site.snippet() }))
  await customer.goto(site.url)
  await customer.waitForFunction(() => 'VERSION' in (window as any).airhop)
  await customer.evaluate(code)
  expect(said.join('\n')).toMatch(/airhop\.js \S+ runs here[\s\S]*requests from here arrive, and the key is right/)
  await customer.evaluate(code.replace(ingest.writeKey, 'wk_wrong'))
  expect(said.at(-1)).toContain('invalid_write_key')
})

for (const hours of [2, -2]) {
  test(`an event has arrived also where this clock is ${hours} h beside the server's`, async ({ ingest, page }) => {
    await send(ingest, [track('before')])
    await ingest.waitForEvents(1)
    await page.addInitScript((ms) => {
      const { now } = Date
      Date.now = () => now() + ms
    }, hours * 3_600_000)
    await open(page, ingest, 'start')
    await expect(page.getByTestId('arrived-event')).toContainText('before')
    await page.goto(`${ingest.url}/#/health`)
    // Its time is told to the second: what is older than that was there before.
    await expect.poll(async () => Date.now() - Date.parse((await ingest.events())[0]!.receivedAt)).toBeGreaterThan(5000)
    await page.goto(`${ingest.url}/#/start`)
    await expect(page.getByTestId('arrival')).toContainText('Your newest event')
    await send(ingest, [track('now')])
    await expect(page.getByTestId('arrival')).toContainText('It arrived')
    await expect(page.getByTestId('arrival')).toContainText(/stored (just now|\d(\.\d)? s ago)/)
  })
}

test('npm has a command for the shell and code for a file, each to be copied', async ({ ingest, page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page, ingest, 'start')
  await page.getByRole('tab', { name: 'npm' }).click()
  const copied = async (testid: string) => {
    await page.getByTestId(`${testid}-copy`).click()
    await expect(page.getByTestId(`${testid}-copy`)).toHaveText('Copied')
    return page.evaluate(() => navigator.clipboard.readText())
  }
  expect(await copied('install-command')).toBe('npm install airhop')
  expect(await copied('install-code')).toMatch(/^import \{ createAirhop \} from 'airhop'\n/)
})

test('a test event that was seen stays so, whatever comes after it', async ({ ingest, page }) => {
  await open(page, ingest, 'start')
  await page.getByTestId('try').click()
  await expect(page.getByTestId('try-outcome')).toContainText('here it is')
  await send(ingest, [track('later')])
  await expect(page.getByTestId('arrived-event')).toContainText('later')
  await expect(page.getByTestId('try-outcome')).toContainText('here it is')
})

test('a session that is over says so, and opens again with the token', async ({ ingest, page, context }) => {
  await open(page, ingest, 'health')
  const [cookie] = await context.cookies()
  await context.addCookies([{ ...cookie!, value: cookie!.value.replace(/^\d+/, '1') }])
  await expect(page.getByTestId('trouble')).toHaveText('The session is over: show the admin token again.')
  await page.reload()
  await expect(page.getByTestId('trouble')).toHaveText('The session is over: show the admin token again.')
  await page.getByTestId('token').fill(ingest.adminToken)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('health-status')).toBeVisible()
})
