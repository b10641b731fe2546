import { expect, nothingLost, test } from '../delivery.ts'

test('a server that ends each connection after its answer, without saying so, costs nothing', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  faults.react('close')
  for (let sent = 1; sent <= 5; sent++) {
    await visitor.track(2)
    await faults.arrived(sent)
  }

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})
