import { expect, test } from './ingest.ts'

test('under the strictest Content-Security-Policy, with Trusted Types, everything works and no violation is reported', async ({
  ingest,
  site,
  page,
}) => {
  const nonce = 'nonce="of-the-page"'
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-of-the-page' 'strict-dynamic'`,
    `connect-src ${ingest.url}`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
    // The icon of the page itself.
    'img-src data:',
  ].join('; ')
  const attributes = { 'data-page': 'auto', 'data-cookie-domain': 'auto', 'data-flush-ms': '100' }
  const tags = site.snippet({ attributes }).replaceAll('<script', `<script ${nonce}`)
  const head = `<meta http-equiv="Content-Security-Policy" content="${policy}">${tags}`
  site.pages.set(
    '/',
    site.page({
      head,
      body: `
        <button>Buy</button> <a href="/next">Next</a>
        <script ${nonce}>
          airhop.identify('u1', { plan: 'pro' })
          document.querySelector('button').addEventListener('click', () => {
            airhop.track('bought')
            history.pushState(null, '', '/thanks')
          })
          addEventListener('pagehide', () => airhop.track('going'))
        </script>`,
    }),
  )
  site.pages.set('/next', site.page({ head }))
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(String(error)))

  await page.goto(site.url)
  await ingest.waitForEvents(2)
  await page.getByText('Buy').click()
  await ingest.waitForEvents(4)
  await page.getByText('Next').click()
  const events = await ingest.waitForEvents(6)

  expect(events.map(({ type, event }) => event ?? type).sort()).toEqual([
    'bought',
    'going',
    'identify',
    'page',
    'page',
    'page',
  ])
  expect(said).toEqual([])
})
