import { expect, nothingLost, test } from '../delivery.ts'

test('an event whose request is on its way when the page goes is sent at most twice', async ({ faults, shop }) => {
  // By its own clock the page goes at once, and the answer comes later than that, however long the machine takes.
  shop.page('/', { head: '<script>{ const at = Date.now(); Date.now = () => at }</script>' })
  const visitor = await shop.enter()
  const slow = faults.reactTo(1, { delayMs: 20_000 })
  await visitor.track(3)
  await slow
  await visitor.goTo('/next')
  const kept = () => Object.keys(localStorage).filter((key) => key.includes('.q.'))
  await expect.poll(() => visitor.tab.evaluate(kept), { timeout: 30_000 }).toEqual([])

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
  expect(Math.max(...faults.copies().values())).toBe(2)
})
