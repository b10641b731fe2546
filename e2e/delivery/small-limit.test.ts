import { expect, nothingLostOutOfOrder, test } from '../delivery.ts'

test('a server that takes only small requests gets them small: 413 halves the batch', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  faults.react(({ bytes }) => (bytes > 4000 ? { status: 413 } : 'pass'))
  await visitor.track(40, 500)

  expect(await shop.settled()).toMatchObject({ ...nothingLostOutOfOrder, tracked: 40, stored: 40 })
})
