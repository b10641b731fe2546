import type { Airhop } from '../src/calls.ts'
import { expect, test } from './ingest.ts'

declare const airhop: Airhop

test('an ordinary visit makes no CORS preflight, says nothing on the console, and throws nothing', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: site.snippet(),
      body: `
        <script>airhop.page()</script>
        <button onclick="airhop.identify('usr_1', { plan: 'free' }); airhop.track('signed_up')">Sign up</button>
        <a href="/thanks" onclick="airhop.track('left')">Leave</a>`,
    }),
  )
  site.pages.set('/thanks', site.page({ head: site.snippet(), body: '<script>airhop.page()</script>' }))
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))
  // Preflights are only seen by the network's own events: Playwright hides them.
  const network = await page.context().newCDPSession(page)
  const requests: { method: string; type?: string; contentType?: string }[] = []
  network.on('Network.requestWillBeSent', ({ request, type }) => {
    if (!request.url.startsWith(`${ingest.url}/ingest/`)) return
    requests.push({ method: request.method, type, contentType: request.headers['Content-Type'] })
  })
  await network.send('Network.enable')

  await page.goto(site.url)
  await page.getByText('Sign up').click()
  await ingest.waitForEvents(3)
  await page.getByText('Leave').click()
  await page.waitForURL('**/thanks')
  await ingest.waitForEvents(5)
  expect(await page.evaluate(() => airhop.flush())).toBe(0)

  expect(new URL(ingest.url).origin).not.toBe(new URL(site.url).origin)
  expect(requests.length).toBeGreaterThanOrEqual(3)
  expect(requests.map(({ type, method }) => [type === 'Preflight', method])).toEqual(
    requests.map(() => [false, 'POST']),
  )
  expect(new Set(requests.map(({ contentType }) => contentType?.toLowerCase()))).toEqual(
    new Set(['text/plain;charset=utf-8']),
  )
  expect(said).toEqual([])
  expect(await ingest.rejected()).toEqual([])
})

test('every request of the page is a simple one, also where a preflight would be refused', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set('/', site.page({ head: site.snippet() }))
  const preflights: string[] = []
  const network = await page.context().newCDPSession(page)
  network.on('Fetch.requestPaused', ({ requestId, request }) => {
    if (request.method !== 'OPTIONS') return void network.send('Fetch.continueRequest', { requestId })
    preflights.push(request.url)
    return void network.send('Fetch.failRequest', { requestId, errorReason: 'AccessDenied' })
  })
  await network.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] })

  await page.goto(site.url)
  expect(await page.evaluate(() => airhop.track('simple'))).toMatchObject({ status: 'stored' })

  await ingest.waitForEvents(1, { event: 'simple' })
  expect(preflights).toEqual([])

  // That one would have been seen: a request with a header of its own needs it.
  const refused = await page.evaluate(
    (url) =>
      fetch(`${url}/ingest/v1/batch`, { method: 'POST', body: '{}', headers: { 'x-write-key': 'wk_' } }).catch(
        () => 'refused',
      ),
    ingest.url,
  )
  expect(refused).toBe('refused')
  expect(preflights).toEqual([`${ingest.url}/ingest/v1/batch`])
})
