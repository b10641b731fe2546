import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand, startHere, temporaryFolder, until } from './server-under-test.ts'

const DAY_MS = 86_400_000
const START_MS = Date.parse('2026-11-21T12:00:00.000Z')
const iso = (ms: number) => new Date(ms).toISOString()

type Server = Awaited<ReturnType<typeof startHere>>

let made = 0
/** An envelope of one event, as airhop.js sends it, of a page that has dropped so much. */
function envelope(page: string, dropped: unknown) {
  made += 1
  const messageId = `${page}-${`${made}`.padStart(8, '0')}`
  return { anonymousId: 'a', dropped, batch: [{ type: 'track', event: 'e', messageId }] }
}

const PAGE = 'mi8k2j3pabc12'
const OTHER = 'mi8k2j3qxyz99'

const send = async (server: Server, ...envelopes: object[]) => {
  const response = await server.post('/ingest/v1/batch', envelopes)
  expect(response.status).toBe(200)
  await server.processed()
  return (await response.json()) as { received: number; accepted: number }
}

interface Losses {
  losses: { reason: string; events: number; pages: number; firstSeen: string; lastSeen: string; days: object[] }[]
}
const lossesOf = async (server: Server) => ((await (await server.get('/api/v1/losses')).json()) as Losses).losses
const sums = async (server: Server) =>
  Object.fromEntries((await lossesOf(server)).map(({ reason, events, pages }) => [reason, [events, pages]]))

test('what pages say that they dropped is there by reason, with pages, times and days', async () => {
  let nowMs = START_MS
  const server = await startHere({ now: () => nowMs })
  expect(await lossesOf(server)).toEqual([])
  await send(server, envelope(PAGE, { event_too_large: 1 }))
  nowMs += DAY_MS
  await send(server, envelope(PAGE, { event_too_large: 3, unserializable: 1 }), envelope(OTHER, { event_too_large: 2 }))
  expect(await lossesOf(server)).toEqual([
    {
      reason: 'event_too_large',
      events: 5,
      pages: 2,
      firstSeen: iso(START_MS),
      lastSeen: iso(nowMs),
      days: [
        { day: '2026-11-21', events: 3, pages: 1 },
        { day: '2026-11-22', events: 2, pages: 1 },
      ],
    },
    {
      reason: 'unserializable',
      events: 1,
      pages: 1,
      firstSeen: iso(nowMs),
      lastSeen: iso(nowMs),
      days: [{ day: '2026-11-22', events: 1, pages: 1 }],
    },
  ])
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('\nairhop_browser_lost_events 6\n')
  expect((await fetch(`${server.url}/api/v1/losses`)).status).toBe(401)
  expect((await server.get('/api/v1/losses?reason=x')).status).toBe(400)
})

test('a sum that is said again, or comes late, changes nothing', async () => {
  let nowMs = START_MS
  const server = await startHere({ now: () => nowMs })
  const early = envelope(PAGE, { expired: 2 })
  const late = envelope(PAGE, { expired: 7, storage_full: 1 })
  await send(server, late)
  const before = await lossesOf(server)
  for (const again of [early, late, early, envelope(PAGE, { expired: 7 })]) {
    nowMs += 60_000
    await send(server, again)
  }
  await send(server, early, late, early)
  expect(await lossesOf(server)).toEqual(before)
  expect(before).toMatchObject([{ events: 7, pages: 1 }, { events: 1 }])
})

test('what is no such report says nothing, and costs no event', async () => {
  const server = await startHere()
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`reason_${at}`, 1]))
  const bad = [
    ...[null, 7, 'text', ['event_too_large'], {}].map((dropped) => envelope(PAGE, dropped)),
    envelope(PAGE, { half: 0.5, none: 0, less: -1, text: '3', huge: 1e9 + 1, nothing: null, list: [1] }),
    envelope(PAGE, { 'Upper Case': 1, é: 1, ['x'.repeat(65)]: 1, '': 1, '<b>': 1, good: 1e9 }),
    // Without a page: an id of the caller's own, and none.
    { anonymousId: 'a', dropped: { own: 1 }, batch: [{ type: 'track', event: 'e', messageId: 'order-12' }] },
    { anonymousId: 'a', dropped: { unnamed: 1 }, batch: [{ type: 'track', event: 'e' }] },
    { anonymousId: 'a', dropped: { empty: 1 }, batch: [] },
    envelope(OTHER, many),
  ]
  expect(await send(server, ...bad)).toMatchObject({ received: 10, accepted: 10 })
  const { good, ...rest } = await sums(server)
  expect(good).toEqual([1e9, 1])
  expect(Object.keys(rest).sort()).toEqual(Object.keys(many).slice(0, 20).sort())
})

test('a report counts also where its event is refused, and not where the request is', async () => {
  const server = await startHere()
  const { batch, ...rest } = envelope(PAGE, { unserializable: 1 })
  await send(server, { ...rest, batch: [{ ...batch[0], event: undefined }] })
  const elsewhere = await server.post('/ingest/v1/batch', envelope(OTHER, { unserializable: 1 }), {
    'x-write-key': 'wk_of_somebody_else',
  })
  expect(elsewhere.status).toBe(401)
  await until(async () => (await server.rejected()).length === 2)
  expect(await sums(server)).toEqual({ unserializable: [1, 1] })
})

test('a page that was not heard of for 30 days is let go of, and one that goes on telling is not', async () => {
  let nowMs = START_MS
  const server = await startHere({ now: () => nowMs })
  await send(server, envelope(PAGE, { expired: 1 }), envelope(OTHER, { expired: 4 }))
  nowMs += 20 * DAY_MS
  await send(server, envelope(PAGE, { expired: 1 }))
  nowMs += 20 * DAY_MS
  await send(server, envelope(PAGE, { expired: 1 }))
  expect(await lossesOf(server)).toMatchObject([{ events: 1, pages: 1, firstSeen: iso(START_MS) }])
})

test('a workspace has 50,000 sums at most, a page and reason: the oldest go', async () => {
  const server = await startHere()
  const reasons = (first: string) => ({
    [first]: 1,
    ...Object.fromEntries(Array.from({ length: 19 }, (_, at) => [`reason_${at}`, 1])),
  })
  const pages = (from: number, first: string) =>
    Array.from({ length: 100 }, (_, at) => envelope(`mi8k2j3p${from + at}`, reasons(first)))
  for (let from = 0; from < 2600; from += 100) await send(server, ...pages(10_000 + from, from < 100 ? 'old' : 'new'))
  const groups = await lossesOf(server)
  expect(groups.map(({ pages }) => pages).reduce((sum, pages) => sum + pages)).toBe(50_000)
  expect(groups.map(({ reason }) => reason)).not.toContain('old')
})

test('a rebuild keeps them, and a store that is made again from the log has the same', async () => {
  const data = temporaryFolder()
  let nowMs = START_MS
  const options = { data, now: () => nowMs }
  const first = await startHere(options)
  for (const [page, sum] of [
    [PAGE, 1],
    [OTHER, 5],
    [PAGE, 3],
    [PAGE, 2],
  ] as const) {
    await send(first, envelope(page, { event_too_large: sum }))
    nowMs += 3_600_000
  }
  const before = await lossesOf(first)
  expect(before).toMatchObject([{ events: 8, pages: 2 }])
  await first.close()

  expect(await runCommand(['rebuild'], { AIRHOP_DATA: data })).toMatchObject({ code: 0 })
  const rebuilt = await startHere(options)
  expect(await lossesOf(rebuilt)).toEqual(before)
  await rebuilt.close()

  for (const name of ['events.db', 'events.db-wal', 'events.db-shm']) rmSync(join(data, name), { force: true })
  const again = await startHere(options)
  expect(await again.stored()).toHaveLength(4)
  expect(await lossesOf(again)).toEqual(before)
})
