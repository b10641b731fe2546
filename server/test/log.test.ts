import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { type Entry, LogFull } from '../src/log/port.ts'
import { openSqliteLog } from '../src/log/sqlite.ts'
import { startHere, temporaryFolder } from './server-under-test.ts'

const DAY_MS = 86_400_000
const MIB = 1024 * 1024

const entry = (body: string | Buffer, receivedAtMs = 0): Entry => ({
  source: 'http',
  door: 'batch',
  receivedAtMs,
  workspace: 'default',
  facts: { ip: '127.0.0.1', userAgent: 'test', fromBrowser: true },
  encoding: 'gzip',
  body: Buffer.from(body),
  bodyBytes: body.length,
  events: 1,
  refusal: null,
  rulings: null,
})

const positions = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true })
  const rows = database.prepare('SELECT position FROM entries ORDER BY position').all()
  database.close()
  return rows.map(({ position }) => position as number)
}

test('hands over what was appended, byte for byte and in order', async () => {
  const file = join(temporaryFolder(), 'log.db')
  const log = openSqliteLog({ file })
  const sent = [Buffer.from([0x1f, 0x8b, 0, 255]), Buffer.from('two'), Buffer.from('three')].map((body) => entry(body))
  await Promise.all([log.append([sent[0]!]), log.append([sent[1]!, sent[2]!])])

  const stop = new AbortController()
  const taken: [number, Entry][] = []
  await openSqliteLog({ file }).consume(
    0,
    undefined,
    async ({ entries }) => {
      for (const { position, entry } of entries) taken.push([position, { ...entry, body: Buffer.from(entry.body) }])
      stop.abort()
    },
    stop.signal,
  )
  expect(taken).toEqual(sent.map((one, at) => [at + 1, one]))
  await log.close()
})

test('keeps a long body in less space and hands it over byte for byte, after it is opened again too', async () => {
  const file = join(temporaryFolder(), 'log.db')
  const body = Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, n) => ({ event: 'Größe', n, none: null }))))
  const log = openSqliteLog({ file })
  await log.append([{ ...entry(body), encoding: null }, entry(body)])
  const { bytes } = log.backlog()
  expect(bytes).toBeLessThan(body.length * 1.5)
  expect(bytes).toBeGreaterThan(body.length)
  for (const position of [1, 2]) expect(Buffer.from((await log.entryAt(0, position))!.body)).toEqual(body)
  await log.close()

  const after = openSqliteLog({ file })
  await after.release(0, 0)
  expect(after.backlog()).toEqual({ entries: 2, bytes })
  expect(Buffer.from((await after.entryAt(0, 1))!.body)).toEqual(body)
  await after.close()
})

test('goes on after the position it is told, and rejects when the handling does', async () => {
  const log = openSqliteLog({ file: join(temporaryFolder(), 'log.db') })
  for (const body of ['1', '2', '3']) await log.append([entry(body)])
  const handled: number[] = []
  const failing = log.consume(
    0,
    2,
    async ({ upTo }) => {
      handled.push(upTo)
      throw new Error('no')
    },
    new AbortController().signal,
  )
  await expect(failing).rejects.toThrow('no')
  expect(handled).toEqual([3])
  await log.close()
})

test('takes no more than its limit until what waits is released', async () => {
  const log = openSqliteLog({ file: join(temporaryFolder(), 'log.db'), maxBytes: 10_000 })
  const large = entry('x'.repeat(6000))
  await log.append([large])
  await expect(log.append([large])).rejects.toBeInstanceOf(LogFull)
  expect(log.backlog()).toEqual({ entries: 1, bytes: 6256 })
  await log.release(0, 1)
  expect(log.backlog()).toEqual({ entries: 0, bytes: 0 })
  await log.append([large])
  await log.close()
})

test('keeps the newest of what was processed for its time, and never lets go of what was not', async () => {
  const file = join(temporaryFolder(), 'log.db')
  let nowMs = DAY_MS
  const log = openSqliteLog({ file, keepBytes: 2 * MIB, keepMs: 7 * DAY_MS, now: () => nowMs })
  for (let count = 0; count < 24; count += 1) await log.append([entry('x'.repeat(MIB / 2), nowMs)])
  await log.release(0, 22)
  expect(positions(file)).toEqual([19, 20, 21, 22, 23, 24])
  nowMs += 8 * DAY_MS
  await log.release(0, 22)
  expect(positions(file)).toEqual([23, 24])
  await log.close()
})

test('knows what waits after it is opened again', async () => {
  const file = join(temporaryFolder(), 'log.db')
  const before = openSqliteLog({ file })
  for (let count = 0; count < 5; count += 1) await before.append([entry('x'.repeat(1000))])
  await before.close()
  const after = openSqliteLog({ file })
  await after.release(0, 0)
  expect(after.backlog()).toEqual({ entries: 5, bytes: 5 * 1256 })
  expect(after.newest(0)).toBe(5)
  await after.close()
})

test('a log that is lost beside a store goes on where that is', async () => {
  const data = temporaryFolder()
  const send = async (messageId: string) => {
    const server = await startHere({ data })
    await server.post('/ingest/v1/track', { userId: 'u', event: 'e', messageId })
    const ids = (await server.stored()).map((event) => event.messageId)
    await server.close()
    return ids
  }
  await send('a')
  await send('b')
  for (const name of ['log.db', 'log.db-wal', 'log.db-shm']) rmSync(join(data, name), { force: true })
  expect(await send('c')).toEqual(['a', 'b', 'c'])
})

test('a store that is lost is made again from the log, ids included', async () => {
  const data = temporaryFolder()
  const first = await startHere({ data })
  await first.post('/ingest/v1/batch', { batch: [{ type: 'page', userId: 'u' }, 7] })
  const before = await first.stored()
  await first.close()
  for (const name of ['events.db', 'events.db-wal', 'events.db-shm']) rmSync(join(data, name), { force: true })
  const second = await startHere({ data })
  expect(await second.stored()).toEqual(before)
  expect(await second.rejected()).toHaveLength(1)
})

test('a log of the version before rules is taken over as it is', async () => {
  const data = temporaryFolder()
  const first = await startHere({ data, workerScript: new URL('./programs/idle-worker.ts', import.meta.url) })
  await first.post('/ingest/v1/track', { userId: 'u', event: 'e', messageId: 'before' })
  await first.close()
  const database = new DatabaseSync(join(data, 'log.db'))
  database.exec('ALTER TABLE entries DROP COLUMN rulings')
  database.close()
  const second = await startHere({ data })
  await second.post('/ingest/v1/track', { userId: 'u', event: 'e', messageId: 'after' })
  expect((await second.stored()).map(({ messageId }) => messageId)).toEqual(['before', 'after'])
})
