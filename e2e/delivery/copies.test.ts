import { expect, nothingLost, test } from '../delivery.ts'

test('an event whose request is on its way when the page goes is sent at most twice', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  const slow = faults.reactTo(1, { delayMs: 500 })
  await visitor.track(3)
  await slow
  await visitor.goTo('/next')
  const kept = () => Object.keys(localStorage).filter((key) => key.includes('.q.'))
  await expect.poll(() => visitor.tab.evaluate(kept), { timeout: 30_000 }).toEqual([])

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
  expect(Math.max(...faults.copies().values())).toBe(2)
})
