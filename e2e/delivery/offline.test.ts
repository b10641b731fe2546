import type { Visitor } from '../delivery.ts'
import { expect, inAllEngines, nothingLost, test } from '../delivery.ts'
import type { FaultProxy } from '../fault-proxy.ts'

/** WebKitWebDriver cannot cut the network: there no connection to the API succeeds, and the page gets the browser's event. */
const setOffline = async ({ tab }: Visitor, faults: FaultProxy, on: boolean) => {
  if (tab.offline) return tab.offline(on)
  await (on ? faults.refuse() : faults.listen())
  await tab.evaluate((name) => void dispatchEvent(new Event(name)), on ? 'offline' : 'online')
}

test(
  'events tracked offline are sent in order as soon as the network is back',
  inAllEngines,
  async ({ faults, shop }) => {
    const visitor = await shop.enter()
    await setOffline(visitor, faults, true)
    for (let n = 0; n < 5; n++) await visitor.track(4)
    await setOffline(visitor, faults, false)

    expect(await shop.settled({ timeoutMs: 5000 })).toEqual({ ...nothingLost, tracked: 20, stored: 20 })
    expect(faults.arrivals.length).toBeLessThanOrEqual(2)
  },
)
