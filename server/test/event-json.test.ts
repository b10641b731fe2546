import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { toWholeJson } from './older-store.ts'
import { runCommand, startHere, temporaryFolder } from './server-under-test.ts'

/** Names and values that something between the request and the answer could change. */
const ODD = ['quo"te\\', 'line\nbreak', 'nul\0', 'ünï 😀', 'half \ud83d', 'line\u2028end', '__proto__', '{"a":1}']

const oddBatch = () => ({
  batch: [
    ...ODD.map((event, place) => ({
      type: 'track',
      userId: `u ${event}`,
      event,
      messageId: `m${place}`,
      timestamp: '2026-01-02T03:04:05.678Z',
      properties: { [event]: event, big: 1e21, small: 1e-7, none: null, deep: [{ verified: 0, type: '' }] },
      context: { receivedAt: 'mine', timestamp: 1 },
    })),
    { type: 'page', anonymousId: 'a', messageId: 'page', name: 'Home', properties: { event: 'not its name' } },
    { type: 'group', userId: 'g', messageId: 'group', groupId: 'acme', traits: { source: 'theirs', sentAt: null } },
  ],
})

/** As text: to compare objects would miss a key `__proto__`. */
const saidBy = (events: readonly Record<string, unknown>[]) =>
  events.map(({ type, messageId, event, properties, traits, context = {} }) =>
    JSON.stringify({ type, messageId, event, properties, traits, context }),
  )

test('what an event says is given out as it was sent, whatever its names and values are', async () => {
  const server = await startHere()
  const { batch } = oddBatch()
  await server.post('/ingest/v1/batch', { batch })
  const stored = await server.stored()
  expect(saidBy(stored)).toEqual(saidBy(batch))
  expect(stored.every(({ source, verified }) => source === 'http' && verified === false)).toBe(true)
  expect('event' in stored.at(-1)!).toBe(false)
})

const TIMES = [
  { timestamp: '2026-01-02T03:04:05.678Z', sentAt: undefined },
  { timestamp: '2026-01-02T03:04:05.678Z', sentAt: '2026-01-02T03:04:06Z' },
  { timestamp: '2016-12-31T23:59:60.250Z', sentAt: undefined },
  { timestamp: '0000-01-01T00:00:00.000Z', sentAt: undefined },
  { timestamp: '1969-12-31T23:59:59.999Z', sentAt: undefined },
  { timestamp: undefined, sentAt: '2026-01-02T03:04:06Z' },
  { timestamp: undefined, sentAt: undefined },
]

test('each of the four times of an event is given out, and null where it was not said', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', {
    batch: TIMES.map((times) => ({ type: 'track', userId: 'u', event: 'e', ...times })),
  })
  const stored = await server.stored()
  const receivedAt = stored[0]!.receivedAt as string
  expect(new Date(receivedAt).toISOString()).toBe(receivedAt)
  const isoOf = (ms: number) => new Date(ms).toISOString()
  expect(stored).toMatchObject(
    TIMES.map(({ timestamp, sentAt }) => {
      const originalTimestamp = timestamp?.replace('2016-12-31T23:59:60', '2017-01-01T00:00:00') ?? null
      const sent = sentAt === undefined ? null : isoOf(Date.parse(sentAt))
      const corrected =
        originalTimestamp && sent
          ? isoOf(Date.parse(receivedAt) - (Date.parse(sent) - Date.parse(originalTimestamp)))
          : originalTimestamp
      return { originalTimestamp, sentAt: sent, timestamp: corrected ?? receivedAt, receivedAt }
    }),
  )
})

test('events of a file of before, whose JSON says all, are read, rebuilt and followed like those of now', async () => {
  const data = temporaryFolder()
  const first = await startHere({ data })
  await first.post('/ingest/v1/batch', oddBatch())
  const stored = await first.stored()
  await first.close()

  const database = new DatabaseSync(join(data, 'events.db'))
  toWholeJson(database, stored)
  database.exec('PRAGMA user_version = 8')
  database.close()

  const rebuilt = await runCommand(['rebuild'], { AIRHOP_DATA: data })
  expect([rebuilt.code, rebuilt.said]).toEqual([0, expect.any(String)])
  const second = await startHere({ data })
  expect(await second.stored()).toEqual(stored)
  const timeline = await second.list('/api/v1/profiles/g/events')
  expect(timeline.events).toEqual([stored.at(-1)])

  await second.post('/ingest/v1/batch', oddBatch())
  await second.post('/ingest/v1/batch', { batch: [{ type: 'track', userId: 'g', event: 'later' }] })
  expect((await second.stored()).slice(0, -1)).toEqual(stored)
  expect((await second.list('/api/v1/profiles/g/events')).events).toHaveLength(2)
})
