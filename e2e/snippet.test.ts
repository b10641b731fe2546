import { expect, test } from './ingest.ts'

test('a page with the snippet: events before login, identify, and what follows stand in the store with one anonymous id', async ({
  ingest,
  site,
  page,
}) => {
  site.pages.set(
    '/',
    site.page({
      head: site.snippet(),
      body: `
        <button onclick="airhop.track('plan_chosen', { plan: 'pro' })">Choose Pro</button>
        <button onclick="airhop.identify('usr_1', { name: 'Mara' }); airhop.track('signed_up')">Sign up</button>
        <script>airhop.page()</script>`,
    }),
  )

  await page.goto(site.url)
  await page.getByText('Choose Pro').click()
  await page.getByText('Sign up').click()

  const events = await ingest.waitForEvents(4)
  expect(events.map(({ type, event, userId }) => [type, event ?? null, userId])).toEqual([
    ['page', null, null],
    ['track', 'plan_chosen', null],
    ['identify', null, 'usr_1'],
    ['track', 'signed_up', 'usr_1'],
  ])
  expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1)
  expect(events[0]!.anonymousId).toMatch(/^[\da-f-]{36}$/)
  expect(await ingest.rejected()).toEqual([])
})
