import { expect, nothingLost, test, type Visitor } from '../delivery.ts'

test('Retry-After is obeyed by all tabs, also by one that is opened and one that is reloaded meanwhile', async ({
  faults,
  shop,
}) => {
  const [first, second] = [await shop.enter(), await shop.enter()]
  const refused = faults.reactTo(1, { status: 429, headers: { 'retry-after': '10' } })
  await first.track(2)
  await refused
  const until = faults.arrivals[0]!.at + 10_000
  await toldToWait(second)
  await second.track(2)
  await second.goTo('/next')
  await second.track(2)
  await (await shop.enter()).track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 8, stored: 8 })
  expect(faults.arrivals.slice(1).filter(({ at }) => at < until)).toEqual([])
})

test('of ten tabs behind another that wait for the end of the same Retry-After, few try before they see the next one', async ({
  faults,
  shop,
}) => {
  // With chances that are apart from each other: of ten that are drawn by lot, some may fall together.
  const visitors = await Promise.all(
    Array.from({ length: 10 }, (_, n) => {
      shop.page(`/${n}`, { head: `<script>Math.random = () => ${n / 10}</script>` })
      return shop.enter(`/${n}`)
    }),
  )
  // Timers of hidden pages go once a second, those of all pages at the same moment.
  await (await shop.enter('/next')).tab.show()
  const seen = () => Promise.all(visitors.map(({ tab }) => tab.evaluate(() => document.visibilityState)))
  await expect.poll(seen).toEqual(visitors.map(() => 'hidden'))
  const refused = faults.reactTo(1, { status: 503, headers: { 'retry-after': '15' } })
  await visitors[0]!.track(1)
  await refused
  const refusedAt = faults.arrivals[0]!.at
  faults.react({ status: 503, headers: { 'retry-after': '600' } })
  for (const visitor of visitors) {
    await toldToWait(visitor)
    await visitor.track(1)
  }
  await faults.arrived(2)
  await expect.poll(() => Date.now() - refusedAt, { timeout: 30_000 }).toBeGreaterThan(20_000)

  expect(faults.arrivals.length).toBeLessThanOrEqual(3)
})

/** Once what the tab that was refused has written is there too: Chromium hands it on some milliseconds later. */
async function toldToWait(visitor: Visitor): Promise<void> {
  const pause = () =>
    visitor.tab.evaluate(() => Object.entries(localStorage).find(([key]) => key.endsWith('.pause'))?.[1] ?? '')
  // `begun,wait,failures`; the wait is below 0 where the server has asked for it.
  await expect.poll(pause).toMatch(/^\d+,-\d+,/)
}
