import { setTimeout as wait } from 'node:timers/promises'
import { expect, nothingLost, test } from '../delivery.ts'

/** How long a page is looked at, in ms: from bouncing to reading. */
const LOOKS_MS = [0, 50, 300, 800, 1500, 2500, 4000, 200, 0, 11_000]

test('in a life of fifty page views without a fault no event goes over the wire more than twice', async ({
  faults,
  shop,
}) => {
  const visitor = await shop.enter()
  for (let view = 1; view <= 50; view++) {
    await visitor.track(1)
    await wait(LOOKS_MS[view % LOOKS_MS.length])
    // Most look, some click, and some do so on their way out.
    if (view % 3 === 0) await visitor.track(2)
    if (view % 4 === 0) await wait(500)
    await visitor.goTo(`${view % 2 ? '/next' : '/'}?${view}`)
  }

  const { overtaken: _, ...tally } = await shop.settled({ timeoutMs: 60_000 })
  const { overtaken: __, ...expected } = nothingLost
  expect(tally).toEqual({ ...expected, tracked: tally.tracked, stored: tally.tracked })
  const copies = [...faults.copies().values()]
  const sum = copies.reduce((all, count) => all + count, 0)
  console.log(
    `${copies.length} events, ${sum} copies in ${faults.arrivals.length} requests, at most ${Math.max(...copies)} of one.`,
  )
  expect(Math.max(...copies)).toBeLessThanOrEqual(2)
})
