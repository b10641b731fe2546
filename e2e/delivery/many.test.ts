import { expect, nothingLost, test } from '../delivery.ts'

test('of 10,000 events in one loop the newest that fit into 1 MiB are stored, and the others counted', async ({
  shop,
}) => {
  const visitor = await shop.enter()
  await visitor.track(10_000)

  const { losses, stored, ...tally } = await shop.settled({ timeoutMs: 40_000 })
  const { losses: _, ...nothingElse } = nothingLost
  expect(tally).toEqual({ ...nothingElse, tracked: 10_000 })
  expect(Object.keys(losses)).toEqual(['storage_full'])
  expect(stored).toBeGreaterThan(2000)
})

test('10,000 events, a hundred a frame, are all stored, once and in order', async ({ shop }) => {
  const visitor = await shop.enter()
  for (let n = 0; n < 100; n++) {
    await visitor.track(100)
    await visitor.tab.evaluate(() => new Promise((resolve) => setTimeout(resolve, 16)))
  }

  expect(await shop.settled({ timeoutMs: 40_000 })).toEqual({ ...nothingLost, tracked: 10_000, stored: 10_000 })
})
