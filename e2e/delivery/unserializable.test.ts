import type { Airhop } from '../../src/calls.ts'
import { expect, nothingLost, test } from '../delivery.ts'

declare const airhop: Airhop

test('cyclic and throwing properties cost their own event only, are counted, and throw nothing into the page', async ({
  shop,
}) => {
  const visitor = await shop.enter()
  await visitor.track(2)
  await visitor.tab.evaluate(() => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    airhop.track('cyclic', cyclic)
    airhop.track('throwing', {
      get price() {
        throw new Error('not for you')
      },
    })
  })
  shop.expectSteps('unserializable', 2)
  await visitor.track(2)

  expect(await shop.settled()).toEqual({ ...nothingLost, losses: { unserializable: 2 }, tracked: 6, stored: 4 })
})
