import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'a page that comes back from the back/forward cache goes on, and nothing of before or after is lost or stored twice',
  inAllEngines,
  async ({ shop }) => {
    shop.page('/', {
      head: `<script>addEventListener('pageshow', ({ persisted }) => { window.restored = persisted })</script>`,
    })
    const visitor = await shop.enter()
    await visitor.track(3)
    await visitor.goTo('/next')
    await visitor.tab.evaluate(() => void setTimeout(() => history.back(), 10))
    await expect.poll(() => visitor.tab.evaluate(() => location.pathname)).toBe('/')
    expect(await visitor.tab.evaluate(() => (window as { restored?: boolean }).restored)).toBe(true)
    await visitor.track(3)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  },
)

test('Chromium names no reason of ours that would keep the page out of the back/forward cache, in the middle of a request too', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  faults.react('hang')
  await visitor.track(3)
  await faults.arrived(1)
  await visitor.goTo('/next')
  await visitor.tab.evaluate(() => void setTimeout(() => history.back(), 10))
  await expect.poll(() => visitor.tab.evaluate(() => location.pathname)).toBe('/')
  const reasons = await visitor.tab.evaluate(() => {
    const [navigation] = performance.getEntriesByType('navigation') as unknown as { notRestoredReasons: unknown }[]
    return navigation!.notRestoredReasons
  })

  expect(reasons).toBeNull()
})
