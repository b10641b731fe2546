import { expect, nothingLost, test } from '../delivery.ts'

test('a tab that crashes while the server is away loses nothing: the next page of the site sends it', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  await faults.refuse()
  await visitor.track(10)
  await visitor.tab.crash!()
  await visitor.leave()
  await faults.listen()
  await shop.enter()

  expect(await shop.settled({ timeoutMs: 30_000 })).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})
