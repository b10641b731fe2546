import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

const THROWING = `<script>
  Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })
</script>`

test('where localStorage is forbidden, events go from memory, also on leaving', inAllEngines, async ({ shop }) => {
  shop.page('/', { head: THROWING })
  const visitor = await shop.enter()
  await visitor.track(5)
  await visitor.flush()
  await visitor.track(5)
  await visitor.tab.goto(shop.elsewhere)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})

test('where localStorage is full, events go from memory, without a word', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  await visitor.track(1)
  await visitor.flush()
  await visitor.tab.evaluate(() => {
    for (let size = 1 << 20; size; size >>= 1)
      try {
        for (let n = 0; ; n++) localStorage.setItem(`the page's own ${size} ${n}`, 'x'.repeat(size))
      } catch {
        // Full for that size.
      }
  })
  const refused = faults.reactTo(1, { status: 503 })
  await visitor.track(10, 100)
  await refused
  await visitor.track(10, 100)

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 21, stored: 21 })
})

test('a page that clears localStorage while events wait loses none of them', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  await faults.refuse()
  await visitor.track(5)
  await visitor.tab.evaluate(() => localStorage.clear())
  await visitor.track(5)
  await faults.listen()

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 10, stored: 10 })
})

test('a page that clears localStorage and goes while the server is away loses nothing', async ({ faults, shop }) => {
  const visitor = await shop.enter()
  await faults.refuse()
  await visitor.track(5)
  await visitor.tab.evaluate(() => localStorage.clear())
  await visitor.goTo('/next')
  await faults.listen()

  expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
})

test('all that airhop keeps in localStorage is at most 1 MiB, however many pages find no server', async ({
  faults,
  shop,
}) => {
  const kept = () =>
    Object.entries(localStorage)
      .filter(([key]) => key.startsWith('airhop.'))
      .reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  await faults.refuse()
  const visitor = await shop.enter()
  for (let page = 0; page < 4; page++) {
    await visitor.track(400, 1000)
    await visitor.goTo('/next')
  }

  expect(await visitor.tab.evaluate(kept)).toBeLessThanOrEqual(1024 * 1024)
})
