import { expect, inAllEngines, nothingLost, test, type Visitor } from '../delivery.ts'

const NOTICE = `<script>addEventListener('pageshow', ({ persisted }) => { window.restored = persisted })</script>`

/** To another page and back, and what the page then says of itself. */
const leaveAndReturn = async (visitor: Visitor, meanwhile?: () => Promise<void>) => {
  await visitor.goTo('/next')
  await meanwhile?.()
  await visitor.goBack()
  return visitor.tab.evaluate(() => (window as { restored?: boolean }).restored)
}

test(
  'a page that comes back from the back/forward cache goes on: nothing of before or after is lost or stored twice',
  inAllEngines,
  async ({ shop }) => {
    shop.page('/', { head: NOTICE })
    const visitor = await shop.enter()
    await visitor.track(3)
    await visitor.flush()
    await visitor.track(3)
    expect(await leaveAndReturn(visitor)).toBe(true)
    await visitor.track(3)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 9, stored: 9 })
  },
)

test(
  'a page that was in the back/forward cache when the answer to its request came goes on when it comes back',
  inAllEngines,
  async ({ faults, shop }) => {
    shop.page('/', { head: NOTICE })
    const visitor = await shop.enter()
    const slow = faults.reactTo(1, { delayMs: 300 })
    await visitor.track(3)
    await slow
    const restored = await leaveAndReturn(visitor, () => expect.poll(() => faults.arrivals[0]!.over).toBe(true))
    expect(restored).toBe(true)
    await visitor.track(3)

    expect(await shop.settled({ timeoutMs: 15_000 })).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  },
)

test('Chromium names no reason to keep a page with airhop out of the back/forward cache, in the middle of a request too', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  faults.react('hang')
  await visitor.track(3)
  await faults.arrived(1)
  await leaveAndReturn(visitor)
  const reasons = await visitor.tab.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as unknown as { notRestoredReasons: unknown }[]
    return navigation!.notRestoredReasons
  })

  expect(reasons).toBeNull()
})
