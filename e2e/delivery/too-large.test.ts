import type { Airhop } from '../../src/calls.ts'
import { expect, nothingLost, test } from '../delivery.ts'

declare const airhop: Airhop

test('an event of a user with an id of 80,000 characters is refused, and those after it are stored', async ({
  shop,
}) => {
  const visitor = await shop.enter()
  shop.expectSteps('the user', 1)
  await visitor.tab.evaluate(() => {
    airhop.identify('u'.repeat(80_000))
    airhop.reset()
  })
  await visitor.track(3)

  expect(await shop.settled()).toEqual({ ...nothingLost, losses: { invalid_user_id: 1 }, tracked: 4, stored: 3 })
})

test('one event of 80 KB is counted as too large, and its neighbours are stored', async ({ shop }) => {
  const visitor = await shop.enter()
  await visitor.track(2)
  await visitor.track(1, 80_000)
  await visitor.track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, losses: { event_too_large: 1 }, tracked: 5, stored: 4 })
})
