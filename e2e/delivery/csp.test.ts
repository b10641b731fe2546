import { expect, nothingLost, test } from '../delivery.ts'

test('a page whose CSP forbids the requests keeps its events for one that allows them, and is told nothing of it', async ({
  faults,
  shop,
}) => {
  shop.page('/', { head: `<meta http-equiv="Content-Security-Policy" content="connect-src 'self'">` })
  const visitor = await shop.enter()
  await visitor.track(5)
  const kept = await visitor.tab.evaluate(() =>
    Object.keys(localStorage)
      .filter((key) => key.includes('.q.'))
      .flatMap((key) => JSON.parse(localStorage[key]).batch),
  )
  expect(kept).toHaveLength(5)
  expect(faults.arrivals).toEqual([])
  await visitor.goTo('/next')

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
})
