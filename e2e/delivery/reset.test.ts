import { expect, nothingLost, test } from '../delivery.ts'

test('connections that break before the server has seen a request cost nothing', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  const reset = faults.reactTo(2, 'reset')
  await visitor.track(5)
  await reset
  await visitor.track(5)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})
