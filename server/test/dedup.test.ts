import { expect, test } from 'vitest'
import { createRecentIds } from '../src/recent-ids.ts'
import { startHere, temporaryFolder } from './server-under-test.ts'

const DAY_MS = 86_400_000
const event = (messageId: string | undefined, place = 0) => ({
  type: 'track',
  userId: 'u',
  event: 'e',
  messageId,
  properties: { place },
})

test('an id is stored once, in a batch and across batches, and the first one wins', async () => {
  const server = await startHere()
  const first = await server.post('/ingest/v1/batch', { batch: [event('a', 1), event('a', 2), event('b', 3)] })
  expect(await first.json()).toEqual({ received: 3, accepted: 3, duplicates: 1, rejected: 0 })
  const second = await server.post('/ingest/v1/batch', { batch: [event('b', 4), event('c', 5)] })
  expect(await second.json()).toEqual({ received: 2, accepted: 2, duplicates: 1, rejected: 0 })
  const stored = await server.stored()
  expect(stored.map(({ messageId, properties }) => [messageId, (properties as { place: number }).place])).toEqual([
    ['a', 1],
    ['b', 3],
    ['c', 5],
  ])
})

test('events without an id are all stored, each under an id of its own', async () => {
  const server = await startHere()
  const batch = [event(undefined), event(''), event(' '), event(undefined)]
  await server.post('/ingest/v1/batch', { batch })
  await server.post('/ingest/v1/batch', { batch })
  const ids = (await server.stored()).map(({ messageId }) => messageId)
  expect(new Set(ids).size).toBe(8)
})

test('nobody can suppress an event by claiming the id that would be generated for it', async () => {
  const server = await startHere()
  await server.post('/ingest/v1/batch', { batch: [event('gen-0-2-0')] })
  await server.post('/ingest/v1/batch', { batch: [event(undefined, 7)] })
  expect(await server.stored()).toHaveLength(2)
})

test('an id is known across a restart', async () => {
  const data = temporaryFolder()
  const before = await startHere({ data })
  await before.post('/ingest/v1/batch', { batch: [event('a'), event(undefined)] })
  await before.close()
  const after = await startHere({ data })
  await after.post('/ingest/v1/batch', { batch: [event('a'), event('b'), event(undefined)] })
  const ids = (await after.stored()).map(({ messageId }) => messageId)
  expect(ids).toEqual(['a', 'gen-0-1-1', 'b', 'gen-0-2-2'])
})

test('an id is known for 30 days at least, and forgotten after 60', async () => {
  let nowMs = Date.parse('2026-01-01')
  const server = await startHere({ now: () => nowMs })
  const send = async (messageId: string) => {
    await server.post('/ingest/v1/batch', { batch: [event(messageId)] })
    return (await server.stored()).length
  }
  expect(await send('a')).toBe(1)
  nowMs += 29 * DAY_MS
  expect(await send('late')).toBe(2)
  nowMs += 1.5 * DAY_MS
  expect(await send('a')).toBe(2)
  nowMs += 28 * DAY_MS
  expect(await send('late')).toBe(2)
  expect(await send('a')).toBe(2)
  nowMs += 3 * DAY_MS
  expect(await send('a')).toBe(3)
})

test('the ids that are known at once are the newest of each workspace, and not more than twice as many', () => {
  const ids = createRecentIds(2)
  for (const id of ['a', 'b', 'c', 'd', 'e']) ids.add('one', new Set([id]))
  expect(['a', 'b', 'c', 'd', 'e'].map((id) => ids.has('one', id))).toEqual([false, false, true, true, true])
  expect(ids.has('two', 'e')).toBe(false)
})
