import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'

test(
  'the server stores the events and its answer is lost: they are sent again and stored once',
  inAllEngines,
  async ({ faults, shop }) => {
    const visitor = await shop.enter()
    const answersLost = faults.reactTo(2, 'lose')
    await visitor.track(5)
    await answersLost

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
    expect(Math.max(...faults.copies().values())).toBe(3)
  },
)
