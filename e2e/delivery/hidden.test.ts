import { expect, inFirefoxToo, nothingLost, test } from '../delivery.ts'

test(
  'a tab in the background sends what it tracks, before, while and after the server is away',
  inFirefoxToo,
  async ({ faults, shop }) => {
    const behind = await shop.enter()
    await behind.track(2)
    const front = await shop.enter()
    await front.tab.show()
    await expect.poll(() => behind.tab.evaluate(() => document.visibilityState)).toBe('hidden')
    await behind.track(2)
    await faults.refuse()
    await behind.track(2)
    await faults.listen()
    await behind.track(2)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 8, stored: 8 })
  },
)
