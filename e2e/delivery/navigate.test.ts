import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'events tracked right before going to another page of the site are stored once',
  inAllEngines,
  async ({ shop }) => {
    const visitor = await shop.enter()
    await visitor.track(1)
    await visitor.flush()
    await visitor.track(5)
    await visitor.goTo('/next')
    await visitor.track(1)

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 7, stored: 7 })
  },
)

test(
  'events tracked right before going to another site are stored once, though nobody comes back',
  inAllEngines,
  async ({ shop }) => {
    const visitor = await shop.enter()
    await visitor.track(1)
    await visitor.flush()
    await visitor.track(5)
    await visitor.tab.goto(shop.elsewhere)

    expect(await shop.settled({ timeoutMs: 10_000 })).toEqual({ ...nothingLost, tracked: 6, stored: 6 })
  },
)

test(
  'events that the page tracks when it is told that it goes are stored once, though nobody comes back',
  inAllEngines,
  async ({ shop }) => {
    shop.page('/', {
      head: `<script>
        addEventListener('load', () => addEventListener('pagehide', () => step('going', 0)))
        document.addEventListener('visibilitychange', () => step('going', 1))
      </script>`,
    })
    const visitor = await shop.enter()
    await visitor.track(1)
    await visitor.flush()
    shop.expectSteps('going', 2)
    await visitor.tab.goto(shop.elsewhere)

    // Which of the two is told first is the engine's affair.
    expect(await shop.settled({ timeoutMs: 10_000 })).toEqual({
      ...nothingLost,
      misdated: expect.any(Array),
      overtaken: expect.any(Array),
      tracked: 3,
      stored: 3,
    })
  },
)

test('events tracked by the click on a link that leads away are stored once', inAllEngines, async ({ shop }) => {
  const visitor = await shop.enter()
  await visitor.trackAnd(
    3,
    (href) => {
      const link = document.querySelector('a')!
      link.href = href
      link.click()
    },
    shop.elsewhere,
  )

  expect(await shop.settled({ timeoutMs: 10_000 })).toEqual({ ...nothingLost, tracked: 3, stored: 3 })
})

test('thirty events of 3 KB tracked right before going to another site are stored once, the last by the next visit', async ({
  shop,
}) => {
  const visitor = await shop.enter()
  await visitor.track(1)
  await visitor.flush()
  await visitor.track(30, 3000)
  await visitor.tab.goto(shop.elsewhere)
  await visitor.goTo('/')

  expect(await shop.settled()).toMatchObject({ lost: 0, losses: {}, twice: [], misdated: [], noise: [], stored: 31 })
})
