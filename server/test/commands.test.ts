import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { toWholeJson } from './older-store.ts'
import { peopleOf } from './people-under-test.ts'
import { MAIN, runCommand, startHere, temporaryFolder, until } from './server-under-test.ts'

const HISTORY = [
  {
    type: 'track',
    anonymousId: 'a',
    event: 'Visited',
    messageId: 'm1',
    timestamp: '2019-03-01T08:00:00.000Z',
    sentAt: '2019-03-01T09:30:00.000Z',
  },
  {
    type: 'identify',
    userId: 'ada',
    anonymousId: 'a',
    traits: { plan: 'pro' },
    messageId: 'm2',
    timestamp: '2019-03-02',
  },
  { type: 'track', userId: 'ada', event: 'Paid', timestamp: '2020-01-01T00:00:00Z' },
]

const ndjson = (lines: readonly object[]) => Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

async function imported(data: string) {
  const people = peopleOf(await startHere({ data }))
  const events = (await people.stored()).map(({ messageId, timestamp }) => [messageId, timestamp])
  const profile = await people.profile('ada')
  await people.close()
  return { events, profile }
}

test('imports a file with its ids and times; again, it stores nothing twice', async () => {
  const folder = temporaryFolder()
  const env = { AIRHOP_DATA: join(folder, 'data') }
  const file = join(folder, 'history.ndjson')
  writeFileSync(file, ndjson(HISTORY))
  expect(await runCommand(['import', file], env)).toMatchObject({
    code: 0,
    out: '3 lines: 3 stored, 0 known already, 0 rejected.\n',
  })
  const { events, profile } = await imported(env.AIRHOP_DATA)
  expect(events).toEqual([
    ['m1', '2019-03-01T08:00:00.000Z'],
    ['m2', '2019-03-02T00:00:00.000Z'],
    [expect.stringMatching(/^import-/), '2020-01-01T00:00:00.000Z'],
  ])
  expect(profile).toMatchObject({ userId: 'ada', verified: true, firstSeen: '2019-03-01T08:00:00.000Z', events: 3 })

  expect((await runCommand(['import', file], env)).out).toBe(
    '3 lines: 0 stored, 0 known already, 0 rejected, 3 done by an earlier import of this file.\n',
  )
  writeFileSync(`${file}.gz`, gzipSync(ndjson(HISTORY)))
  expect((await runCommand(['import', `${file}.gz`], env)).out).toBe(
    '3 lines: 0 stored, 3 known already, 0 rejected.\n',
  )
  expect((await runCommand(['import', '-'], env, gzipSync(ndjson(HISTORY)))).out).toContain('0 stored, 3 known already')
  expect(await imported(env.AIRHOP_DATA)).toEqual({ events, profile })
}, 60_000)

test('names the lines that it does not take, and stores all others', async () => {
  const env = { AIRHOP_DATA: temporaryFolder() }
  const input = Buffer.from(
    `{"type":"track"\n\n{"type":"track","userId":"u"}\n[1]\n${ndjson(HISTORY)}{"type":"page","userId":"last"}`,
  )
  const { code, out, said } = await runCommand(['import', '-'], env, input)
  expect(out).toBe('7 lines: 4 stored, 0 known already, 3 rejected.\n')
  expect(code).toBe(2)
  expect(said).toContain('line 1: malformed_json: ')
  expect(said).toContain('line 3: missing_event: `event` is required')
  expect(said).toContain('line 4: invalid_event: A call must be a JSON object; it is an array.')
})

const CANONICAL = {
  type: 'track',
  source: 'hogsend',
  userId: 'u',
  anonymousId: null,
  event: 'Paid',
  properties: {},
  context: {},
  originalTimestamp: null,
  sentAt: null,
  timestamp: '2020-01-01T00:00:00.000Z',
  receivedAt: '2020-01-01T00:00:01.000Z',
  verified: true,
}

test('a line that only looks like one of an export costs itself, and times are those that another program has written', async () => {
  const data = temporaryFolder()
  const event = (messageId: string, fields: object) => ({ ...CANONICAL, messageId, ...fields })
  const lines = [
    event('1', { event: 5 }),
    event('2', { type: 'identify', traits: 'abc' }),
    event('3', { userId: 'x'.repeat(513) }),
    event('4', { type: 'group', groupId: null }),
    event('5', { userId: null }),
    event('page', { type: 'page', name: 7, email: 7 }),
    event('as exported', {}),
    event('by e-mail', { userId: null, email: 'ada@acme.com', type: 'identify', traits: {}, traitsOnce: { first: 1 } }),
    event('in another form', { timestamp: '2020-01-01 02:00:00', receivedAt: '2020-01-01T03:00:00+01:00' }),
  ]
  // A zone of the machine is nobody's business.
  const { code, out, said } = await runCommand(['import', '-'], { AIRHOP_DATA: data, TZ: 'Asia/Tokyo' }, ndjson(lines))
  expect([code, out]).toEqual([2, '9 lines: 4 stored, 0 known already, 5 rejected.\n'])
  expect(said.match(/line \d+: \w+/g)).toEqual([
    'line 1: invalid_event_name',
    'line 2: invalid_traits',
    'line 3: invalid_user_id',
    'line 4: missing_group_id',
    'line 5: missing_identity',
  ])
  const people = peopleOf(await startHere({ data }))
  expect(await people.stored()).toMatchObject([
    { messageId: 'page', name: null },
    { ...CANONICAL, messageId: 'as exported' },
    { messageId: 'by e-mail', source: 'hogsend', email: 'ada@acme.com' },
    {
      messageId: 'in another form',
      source: 'hogsend',
      timestamp: '2020-01-01T02:00:00.000Z',
      receivedAt: '2020-01-01T02:00:00.000Z',
    },
  ])
  expect(await people.profile('ada@acme.com')).toMatchObject({ traits: { first: 1 }, events: 1 })
}, 60_000)

test('a file that was mended in its middle is another one, even if it is as long as before', async () => {
  const folder = temporaryFolder()
  const env = { AIRHOP_DATA: join(folder, 'data') }
  const file = join(folder, 'history.ndjson')
  const many = Array.from({ length: 3000 }, (_, n) => ({ type: 'track', userId: 'u', event: 'e', messageId: `m${n}` }))
  const text = ndjson(many).toString()
  writeFileSync(file, text.replace('"messageId":"m1500"', '"messageId": m1500"'))
  expect((await runCommand(['import', file], env)).out).toBe('3000 lines: 2999 stored, 0 known already, 1 rejected.\n')
  writeFileSync(file, text)
  expect((await runCommand(['import', file], env)).out).toBe('3000 lines: 1 stored, 2999 known already, 0 rejected.\n')
}, 60_000)

test('a line that is longer than a text may be is named, and those around it are stored', async () => {
  const [first, last] = ['first', 'last'].map((messageId) =>
    ndjson([{ type: 'track', userId: 'u', event: 'e', messageId }]),
  )
  const part = gzipSync(Buffer.alloc(16 * 1024 * 1024, '['))
  const file = Buffer.concat([gzipSync(first!), ...Array.from({ length: 40 }, () => part), gzipSync(`\n${last}`)])
  const { out, said } = await runCommand(['import', '-'], { AIRHOP_DATA: temporaryFolder() }, file)
  expect(out).toBe('3 lines: 2 stored, 0 known already, 1 rejected.\n')
  expect(said).toContain('line 2: invalid_event: A call must be a line of at most 16777216 characters; it is longer.')
}, 120_000)

test('says what a command cannot do', async () => {
  const data = temporaryFolder()
  const env = { AIRHOP_DATA: data }
  expect(await runCommand(['import', '/none.ndjson'], env)).toMatchObject({
    code: 1,
    said: expect.stringContaining('/none.ndjson cannot be read'),
  })
  expect(await runCommand(['import'], env)).toMatchObject({
    code: 1,
    said: expect.stringContaining('import takes one file'),
  })
  expect(await runCommand(['rebuild', '--workspace', 'x'], env)).toMatchObject({
    code: 1,
    out: '',
    said: expect.stringContaining('rebuild takes nothing more; it got `--workspace x`.\nUsage: airhop-ingest'),
  })
  for (const asked of [['--help'], ['rebuild', '-h']]) {
    expect(await runCommand(asked, env)).toEqual({ code: 0, out: expect.stringMatching(/^Usage: /), said: '' })
  }
  expect(await runCommand(['improt'], env)).toMatchObject({
    code: 1,
    said: expect.stringContaining('`improt` is no command'),
  })
  expect(await runCommand(['import', '-', '--workspace', 'x'], env, Buffer.from(''))).toMatchObject({
    code: 1,
    said: expect.stringContaining('one of: default'),
  })
  await startHere({ data })
  expect(await runCommand(['rebuild'], env)).toMatchObject({
    code: 1,
    said: expect.stringContaining('Another airhop-ingest is running'),
  })
}, 60_000)

test('a file that breaks off says where, and the whole one goes on from there', async () => {
  const folder = temporaryFolder()
  const env = { AIRHOP_DATA: join(folder, 'data') }
  const many = Array.from({ length: 30_000 }, (_, n) => ({
    type: 'track',
    userId: 'u',
    event: 'e',
    messageId: `m${n}`,
  }))
  const whole = gzipSync(ndjson(many))
  const file = join(folder, 'history.ndjson.gz')
  for (const [name, input] of [
    [file, undefined],
    ['-', whole.subarray(0, whole.length - 9)],
  ] as const) {
    writeFileSync(file, whole.subarray(0, whole.length - 9))
    const { code, said } = await runCommand(['import', name], env, input)
    expect([code, said.match(/ at .*\.js/)]).toEqual([1, null])
    const what = name === '-' ? 'The standard input' : name
    expect(said).toMatch(
      new RegExp(`${what} cannot be read past line \\d+: unexpected end of file\\. Import it again when it is whole`),
    )
  }
  writeFileSync(file, whole)
  const { code, out } = await runCommand(['import', file], env)
  const [, stored, known] = /^30000 lines: (\d+) stored, (\d+) known already, 0 rejected\.$/m.exec(out)!
  expect([code, Number(stored) + Number(known), Number(known) >= 10_000]).toEqual([0, 30_000, true])
}, 60_000)

test('an import that was killed goes on where it was, and nothing is stored twice', async () => {
  const folder = temporaryFolder()
  const data = join(folder, 'data')
  const file = join(folder, 'many.ndjson')
  const many = Array.from({ length: 60_000 }, (_, n) => ({
    type: 'track',
    userId: `u${n % 1000}`,
    event: 'e',
    ...(n % 2 === 0 && { messageId: `m${n}` }),
    timestamp: '2020-01-01T00:00:00Z',
  }))
  writeFileSync(file, ndjson(many))
  const lines = () => {
    const database = new DatabaseSync(join(data, 'events.db'), { readOnly: true })
    const found = database.prepare('SELECT lines FROM imports').get()?.lines as number | undefined
    database.close()
    return found ?? 0
  }
  const child = spawn(process.execPath, [MAIN, 'import', file], {
    env: { PATH: process.env.PATH, AIRHOP_DATA: data },
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await until(() => {
    try {
      return lines() >= 20_000
    } catch {
      return false
    }
  })
  child.kill('SIGKILL')
  await ended
  const done = lines()
  const { out } = await runCommand(['import', file], { AIRHOP_DATA: data })
  expect(out).toBe(
    `60000 lines: ${60_000 - done} stored, 0 known already, 0 rejected, ${done} done by an earlier import of this file.\n`,
  )
  expect(done).toBeLessThan(60_000)
}, 60_000)

/** Answers about people that do not depend on which event was stored first. */
async function answers(data: string) {
  const people = peopleOf(await startHere({ data }))
  const found = {
    ada: await people.profile('ada'),
    bob: await people.profile('bob'),
    times: await people.times('ada'),
    account: { ...(await people.get('/accounts/acme')), cursor: '' },
    counts: await people.get('/counts?from=2019-01-01&to=2026-12-31&people=true'),
    active: await people.get('/people?from=2019-01-01&to=2026-12-31'),
    search: (await people.get('/profiles?search=ada')).profiles,
  }
  await people.close()
  return found
}

const STORY = [
  ...HISTORY,
  { type: 'group', userId: 'ada', groupId: 'acme', traits: { name: 'Acme' }, messageId: 'g', timestamp: '2020-02-01' },
  { type: 'identify', userId: 'bob', traits: { email: 'bob@globex.com' }, messageId: 'b', timestamp: '2020-02-01' },
  { type: 'alias', userId: 'ada', previousId: 'old-ada', messageId: 'x', timestamp: '2020-02-03' },
  { type: 'track', userId: 'old-ada', event: 'Paid', messageId: 'y', timestamp: '2018-02-03' },
]

test('an export is imported to the same people', async () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()]
  await runCommand(['import', '-'], { AIRHOP_DATA: from }, ndjson(STORY))
  const server = await startHere({ data: from })
  const events = await server.stored()
  const exported = Buffer.from(await (await server.get('/api/v1/export?format=ndjson')).arrayBuffer())
  await server.close()
  expect(await runCommand(['import', '-'], { AIRHOP_DATA: to }, exported)).toMatchObject({ code: 0 })
  const other = await startHere({ data: to })
  expect(await other.stored()).toEqual(events)
  await other.close()
  expect(await answers(to)).toEqual(await answers(from))
}, 60_000)

test('an export is imported whole beside the events of another server, whose generated ids are the same', async () => {
  const [from, to] = [temporaryFolder(), temporaryFolder()]
  for (const [data, userId] of [
    [from, 'ada'],
    [to, 'bob'],
  ] as const) {
    const server = await startHere({ data })
    await server.post('/ingest/v1/track', { userId, event: 'E' })
    await server.processed()
    await server.close()
  }
  const exportOf = async (data: string) => {
    const server = await startHere({ data })
    const text = await (await server.get('/api/v1/export?format=ndjson')).text()
    await server.close()
    return Buffer.from(text)
  }
  const exported = await exportOf(from)
  const bring = async (file: Buffer) => (await runCommand(['import', '-'], { AIRHOP_DATA: to }, file)).out
  expect(await bring(exported)).toBe('1 lines: 1 stored, 0 known already, 0 rejected.\n')
  expect(await bring(exported)).toBe('1 lines: 0 stored, 1 known already, 0 rejected.\n')
  const both = await exportOf(to)
  expect(await bring(both)).toBe('2 lines: 0 stored, 2 known already, 0 rejected.\n')
  const events = both
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(events.map(({ userId, messageId }) => [userId, messageId])).toEqual([
    ['bob', 'gen-0-1-0'],
    ['ada', 'gen-0-1-0'],
  ])
}, 60_000)

test('a rebuild gives the same people, accounts and counts', async () => {
  const data = temporaryFolder()
  await runCommand(['import', '-'], { AIRHOP_DATA: data }, ndjson(STORY))
  const before = await answers(data)
  expect(before.ada).toMatchObject({ userIds: ['ada', 'old-ada'], events: 6, accounts: ['acme'] })
  const { code, out, said } = await runCommand(['rebuild'], { AIRHOP_DATA: data })
  expect([code, out]).toEqual([0, 'People, accounts and counts are made anew from the events up to number 7.\n'])
  expect(said).toContain('Rebuilding')
  expect(await answers(data)).toEqual(before)
}, 60_000)

test('a store of the version before is upgraded when the server starts', async () => {
  const data = temporaryFolder()
  await runCommand(['import', '-'], { AIRHOP_DATA: data }, ndjson(STORY))
  const before = await answers(data)
  const server = await startHere({ data })
  const stored = await server.stored()
  await server.close()
  const database = new DatabaseSync(join(data, 'events.db'))
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .all()
  toWholeJson(database, stored)
  database.exec('DROP TRIGGER events_repeats')
  const old = ['workspaces', 'positions', 'events', 'ids_0', 'ids_1', 'generation', 'rejected']
  for (const { name } of tables) if (!old.includes(name as string)) database.exec(`DROP TABLE ${name}`)
  database.exec(`
    CREATE INDEX events_user ON events (workspace, user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX events_anonymous ON events (workspace, anonymous_id) WHERE anonymous_id IS NOT NULL;
    DROP INDEX events_timeline; DROP INDEX events_when;
    ALTER TABLE events DROP COLUMN email;
    ALTER TABLE events DROP COLUMN at; ALTER TABLE events DROP COLUMN subject;
    ALTER TABLE events DROP COLUMN position; ALTER TABLE events DROP COLUMN place; ALTER TABLE events DROP COLUMN stored_at;
    PRAGMA user_version = 1`)
  database.close()
  expect(await answers(data)).toEqual(before)
}, 60_000)
