import { expect, nothingLost, test } from '../delivery.ts'

for (const status of [400, 413, 422]) {
  test(`while everything is answered with ${status}, as after a bad deploy, nothing is dropped`, async ({
    faults,
    shop,
  }) => {
    const visitor = await shop.enter()
    const deployedAt = Date.now()
    faults.react(() => (Date.now() - deployedAt < 8000 ? { status } : 'pass'))
    await visitor.track(10)
    await faults.arrived(3)
    await visitor.track(10)

    const { noise, overtaken, ...tally } = await shop.settled({ timeoutMs: 45_000 })
    const { noise: _, overtaken: __, ...expected } = nothingLost
    expect(tally).toEqual({ ...expected, tracked: 20, stored: 20 })
    // The one sentence for whoever deployed it.
    expect(noise.length).toBeLessThanOrEqual(1)
    for (const said of noise) expect(said).toMatch(/^error: airhop: everything refused/)
    // Those that were tried alone stand behind those that were not.
    expect(overtaken.length).toBeLessThan(20)
  })
}
