import { setTimeout as wait } from 'node:timers/promises'
import type { Airhop } from '../src/calls.ts'
import { expect, type Shop, type Visitor } from './delivery.ts'
import type { FaultProxy, Reaction } from './fault-proxy.ts'
import type { Ingest } from './ingest.ts'

declare const airhop: Airhop

const TABS_MAX = 6

interface Parts {
  faults: FaultProxy
  ingest: Ingest
  shop: Shop
}

const REACTIONS: Reaction[] = [
  'pass',
  'pass',
  'reset',
  'lose',
  'deny',
  'close',
  { delayMs: 500 },
  { status: 503 },
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 408 },
  { status: 200, body: '<h1>Welcome to our Wi-Fi</h1>' },
]

/** What holds at every instant. */
const isBalanced = (): boolean => {
  const { tracked, delivered, rejected, dropped, pending } = airhop.stats()
  return tracked === delivered + rejected + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0)
}

/** A mix of faults and of what users do, by `AIRHOP_SEED` or a new seed, which it prints; then all is well, and all must be there. */
export const randomRun = async ({ faults, ingest, shop }: Parts, { forMs }: { forMs: number }) => {
  const seed = Number(process.env.AIRHOP_SEED || Date.now() % 1_000_000)
  console.log(`Seed ${seed}: AIRHOP_SEED=${seed} repeats this order of faults.`)
  // Two sequences, so that the order of faults is the same however long a step takes.
  const random = sequence(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
  const chance = sequence(seed + 1)
  /** Each request of its own kind while a mix lasts. */
  const mixed = (): Reaction => REACTIONS[Math.floor(chance() * REACTIONS.length)]!

  let pages = 0
  /** How many pages a tab can go back. */
  const behind = new Map<Visitor, number>()
  const visitors: Visitor[] = [await shop.enter()]
  const leaveOne = async () => {
    if (visitors.length < 2) return
    const [visitor] = visitors.splice(Math.floor(random() * visitors.length), 1)
    await visitor!.leave()
  }
  const STEPS: (() => Promise<unknown> | unknown)[] = [
    ...Array(8).fill(() => pick(visitors).track(1 + Math.floor(random() * 20), Math.floor(random() * 400))),
    ...Array(3).fill(async () => {
      const visitor = pick(visitors)
      // An address of its own: the same again would be a reload, from which no button leads back.
      await visitor.goTo(`${pick(['/', '/next'])}?${++pages}`)
      behind.set(visitor, (behind.get(visitor) ?? 0) + 1)
    }),
    async () => {
      if (visitors.length < TABS_MAX) visitors.push(await shop.enter())
    },
    leaveOne,
    async () => {
      const visitor = pick(visitors)
      if (!visitor.tab.crash || visitors.length < 2) return
      visitors.splice(visitors.indexOf(visitor), 1)
      await visitor.tab.crash()
      await visitor.leave()
    },
    async () => {
      const visitor = pick(visitors)
      if (!behind.get(visitor)) return
      await visitor.goBack()
      behind.set(visitor, behind.get(visitor)! - 1)
    },
    () => pick(visitors).tab.show(),
    () => faults.react(mixed),
    () => faults.react('pass'),
    () => faults.react(pick(REACTIONS)),
    () => faults.refuse(),
    () => faults.listen(),
    () => ingest.kill(),
    () => ingest.start(),
    () => pick(visitors).flush(),
    async () => expect(await pick(visitors).tab.evaluate(isBalanced)).toBe(true),
  ]
  const until = Date.now() + forMs
  while (Date.now() < until) {
    await pick(STEPS)()
    await wait(random() * 300)
  }

  faults.react('pass')
  await faults.listen()
  await ingest.start()
  // Of all the failures the next try may be minutes away: the browser says that the network is back.
  await (await shop.enter()).tab.evaluate(() => void dispatchEvent(new Event('online')))
  const tally = await shop.settled({ timeoutMs: 90_000 })
  console.log(`Seed ${seed}: ${tally.tracked} tracked, ${tally.stored} stored, ${faults.arrivals.length} requests.`)
  expect(tally).toMatchObject({ lost: 0, losses: {}, twice: [], misdated: [], noise: [] })
}

/** Numbers from 0 to 1 that are the same for the same seed: mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
const sequence = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}
