import { expect, nothingLost, test } from '../delivery.ts'

test('one event of 80 KB is counted as too large, and its neighbours are stored', async ({ shop }) => {
  const visitor = await shop.enter()
  await visitor.track(2)
  await visitor.track(1, 80_000)
  await visitor.track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, losses: { event_too_large: 1 }, tracked: 5, stored: 4 })
})
