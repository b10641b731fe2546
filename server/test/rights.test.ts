import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { CanonicalEvent } from '../src/canonical.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import { toStoredEvent } from '../src/stored-event.ts'
import { peopleOf } from './people-under-test.ts'
import { EVERY_KEY, runCommand, startHere, startWith, temporaryFolder } from './server-under-test.ts'

const at = (minute: number) => new Date(Date.parse('2026-11-20T10:00:00Z') + minute * 60_000).toISOString()

const ADA = [
  { type: 'track', anonymousId: 'a', event: 'Visited', timestamp: at(0), messageId: 'v1' },
  { type: 'identify', userId: 'ada', anonymousId: 'a', traits: { name: 'Ada' }, timestamp: at(1), messageId: 'i1' },
  { type: 'group', userId: 'ada', groupId: 'acme', timestamp: at(2), messageId: 'g1' },
]
const BOB = [
  { type: 'identify', userId: 'bob', anonymousId: 'b', traits: { name: 'Bob' }, timestamp: at(1), messageId: 'i2' },
  { type: 'group', userId: 'bob', groupId: 'acme', timestamp: at(2), messageId: 'g2' },
  { type: 'track', userId: 'bob', event: 'Visited', timestamp: at(3), messageId: 'v2' },
]

const start = async (data?: string) => peopleOf(await startHere(data === undefined ? {} : { data }))

test('erases a person with all its events, ids and counts, and nobody else', async () => {
  const people = await start()
  await people.send([...ADA, ...BOB])
  const bob = await people.profile('bob')
  const response = await people.call('DELETE', '/profiles/a')
  expect([response.status, await response.json()]).toEqual([
    200,
    { erased: true, id: 'a', userIds: ['ada'], anonymousIds: ['a'], emails: [], events: 3 },
  ])
  for (const id of ['ada', 'a']) expect(await people.refusal('GET', `/profiles/${id}`)).toMatchObject({ 0: 404 })
  expect((await people.stored()).map(({ messageId }) => messageId)).toEqual(['i2', 'g2', 'v2'])
  expect((await people.get('/profiles?search=ada')).profiles).toEqual([])
  expect(await people.get('/accounts/acme')).toMatchObject({ memberCount: 1, events: 3 })
  const day = '2026-11-20'
  expect((await people.get(`/counts?from=${day}&to=${day}&people=true`)).counts).toEqual([
    { day, event: 'Visited', events: 1, people: 1 },
  ])
  expect((await people.get(`/people?from=${day}&to=${day}`)).people).toBe(1)
  expect(await people.profile('bob')).toEqual(bob)
})

test('later events of an erased id begin a new person, and a repeat of an erased one is not stored again', async () => {
  const people = await start()
  await people.send(ADA)
  await people.call('DELETE', '/profiles/ada')
  await people.send([...ADA, { type: 'track', userId: 'ada', event: 'Back', timestamp: at(9), messageId: 'new' }])
  expect(await people.profile('ada')).toMatchObject({
    anonymousIds: [],
    traits: {},
    accounts: [],
    events: 1,
    firstSeen: at(9),
  })
})

test('what was rejected of an erased person goes too', async () => {
  const people = await start()
  await people.send(ADA)
  await people.post('/ingest/v1/batch', {
    batch: [
      { type: 'track', userId: 'ada' },
      { type: 'track', userId: 'bob' },
    ],
  })
  await people.processed()
  await people.call('DELETE', '/profiles/ada')
  expect((await people.rejected()).map(({ body }) => body)).toEqual(['{"type":"track","userId":"bob"}'])
})

test('what came of an erased person with a wrong key goes too', async () => {
  const people = await start()
  await people.send(ADA)
  for (const userId of ['ada', 'bob']) {
    const refused = await people.post('/ingest/v1/track', { userId, event: 'E' }, { authorization: 'Bearer wk_wrong' })
    expect(refused.status).toBe(401)
  }
  expect(await people.rejected()).toHaveLength(2)
  await people.call('DELETE', '/profiles/ada')
  expect((await people.rejected()).map(({ body }) => body)).toEqual(['{"userId":"bob","event":"E"}'])
})

test('what was rejected of an erased person goes in whatever way it wrote the id, and the rest stays', async () => {
  const people = peopleOf(await startHere({ workspace: EVERY_KEY }))
  const key = { 'x-ck-api-key': EVERY_KEY.churnkey!.apiKey, 'x-ck-app': EVERY_KEY.churnkey!.appId }
  await people.send([{ type: 'identify', userId: 7, traits: {}, timestamp: at(1), messageId: 'i' }])
  const { hogsendKeys } = EVERY_KEY
  const hogsend = { authorization: `Bearer ${hogsendKeys![0]!.key}` }
  await people.post('/v1/events', { name: 'e', email: 'ada@example.com' }, hogsend)
  const bodies = ['{"type":"track","userId":7}', '{"type":"track","userId":"7"}']
  const others = ['{"type":"track","userId":71}', '{"type":"track","userId":"u","properties":{"a":"17"}}']
  for (const body of [...bodies, ...others]) await people.post('/ingest/v1/batch', `{"batch":[${body}]}`)
  await people.post('/v1/events', { email: 'Ada@Example.com' }, hogsend)
  await people.post('/v1/api/events/new', { customerId: 8 }, key)
  expect(await people.rejected()).toHaveLength(6)
  expect((await people.call('DELETE', '/profiles/7')).status).toBe(200)
  expect((await people.call('DELETE', '/profiles/ada@example.com')).status).toBe(200)
  expect((await people.rejected()).map(({ body }) => body)).toEqual([...others, '{"customerId":8}'])
})

const QUARANTINING = {
  mode: 'quarantine',
  rules: [{ type: 'track', event: 'Paid', schema: { type: 'object', required: ['amount'] } }],
}
const MENDED = { ...QUARANTINING, rules: [] }

const unpaid = (messageId: string, ids: object) => ({
  type: 'track',
  event: 'Paid',
  ...ids,
  messageId,
  timestamp: at(3),
})

/** What is in quarantine, by its ids. */
const heldOf = async (people: { get(path: string): Promise<any> }) =>
  (await people.get('/quarantine?limit=100')).quarantined.map(
    ({ event }: { event: { messageId: string } }) => event.messageId,
  )

test('an erasure takes what a person has in quarantine, and no release brings it back, nor does a log that is replayed', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startWith({ contract: QUARANTINING }, { data }))
  await people.send([...ADA, ...BOB])
  const held = [
    unpaid('of-ada', { userId: 'ada' }),
    unpaid('of-her-browser', { anonymousId: 'a' }),
    unpaid('of-bob', { userId: 'bob', properties: { invitedBy: 'ada' } }),
    unpaid('of-bob-at-hers', { userId: 'bob', anonymousId: 'a' }),
    { ...unpaid('', { userId: 'ada' }), messageId: undefined },
  ]
  const sent = await people.post('/ingest/v1/batch', { batch: held })
  expect(await sent.json()).toMatchObject({ quarantined: 5 })
  await people.processed()
  const response = await people.call('DELETE', '/profiles/ada')
  expect(await response.json()).toMatchObject({ userIds: ['ada'], anonymousIds: ['a'], events: 3 + 3 })
  expect(await heldOf(people)).toEqual(['of-bob', 'of-bob-at-hers'])
  expect((await people.get('/quarantine')).held).toBe(2)
  expect((await people.rejected()).map(({ messageId }) => messageId)).toEqual(['of-bob', 'of-bob-at-hers'])
  await people.close()

  const mended = peopleOf(await startWith({ contract: MENDED }, { data }))
  const released = await mended.call('POST', '/quarantine/replay')
  expect(await released.json()).toEqual({ replayed: 2, kept: 0 })
  const ids = ['i2', 'g2', 'v2', 'of-bob', 'of-bob-at-hers']
  expect((await mended.stored()).map(({ messageId }) => messageId)).toEqual(ids)
  // As a client does that got no answer.
  await mended.post('/ingest/v1/batch', { batch: held.slice(0, 2) })
  expect((await mended.stored()).map(({ messageId }) => messageId)).toEqual(ids)
  expect(await mended.refusal('GET', '/profiles/ada')).toMatchObject({ 0: 404 })
  const before = [await mended.stored(), await mended.profile('bob')]
  await mended.close()

  for (const end of ['', '-wal', '-shm']) rmSync(join(data, `events.db${end}`), { force: true })
  const again = peopleOf(await startWith({ contract: MENDED }, { data }))
  expect([await again.stored(), await again.profile('bob'), await heldOf(again)]).toEqual([...before, []])
  await again.close()
  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  const rebuilt = peopleOf(await startWith({ contract: MENDED }, { data }))
  expect([await rebuilt.stored(), await rebuilt.profile('bob'), await heldOf(rebuilt)]).toEqual([...before, []])
  expect(await rebuilt.refusal('GET', '/profiles/ada')).toMatchObject({ 0: 404 })
}, 60_000)

test('who has nothing but events in quarantine is erased too', async () => {
  const people = peopleOf(await startWith({ contract: QUARANTINING }))
  await people.post('/ingest/v1/batch', { batch: [unpaid('1', { userId: 'eve' }), unpaid('2', { userId: 'bob' })] })
  await people.processed()
  const response = await people.call('DELETE', '/profiles/eve')
  expect([response.status, await response.json()]).toEqual([
    200,
    { erased: true, id: 'eve', userIds: ['eve'], anonymousIds: [], emails: [], events: 1 },
  ])
  expect(await heldOf(people)).toEqual(['2'])
  expect(await people.refusal('DELETE', '/profiles/eve')).toMatchObject({ 0: 404, 1: 'unknown_profile' })
})

test('a release that was on its way when its person was erased stores nothing', async () => {
  const store = openSqliteStore(join(temporaryFolder(), 'events.db'))
  onTestFinished(() => store.close())
  const workspace = 'w'
  const receivedAtMs = Date.parse(at(5))
  const times = { originalTimestamp: null, sentAt: null, timestamp: at(3), receivedAt: at(5) }
  const canonical = {
    type: 'track',
    userId: 'ada',
    anonymousId: null,
    event: 'Paid',
    properties: {},
    context: {},
    ...times,
  }
  const events = [false, true].map((idGenerated) =>
    toStoredEvent({ ...canonical, source: 'http', verified: false, messageId: `m-${idGenerated}` } as CanonicalEvent, {
      workspace,
      receivedAtMs,
      idGenerated,
    }),
  )
  const about = { workspace, receivedAtMs, source: 'http', status: null, code: 'c', message: '', index: 0, body: '' }
  const quarantined = events.map((event) => ({ event, rejected: { ...about, messageId: event.messageId } }))
  const order = { orderId: 'o', workspace, do: 'erase' as const, id: 'ada' }
  await store.commit(0, [{ position: 1, changes: { events: [], rejected: [], quarantined, losses: [] } }])
  await store.commit(0, [{ position: 2, changes: { events: [], rejected: [], quarantined: [], losses: [], order } }])
  expect(store.query.outcome('o')).toMatchObject({ done: 'erased', events: 2 })
  const released = events.map((event) => ({ ...event, released: true as const }))
  await store.commit(0, [{ position: 3, changes: { events: released, rejected: [], quarantined: [], losses: [] } }])
  const all = store.query.events(workspace, {}, { after: undefined, limit: 10, order: 'asc' })
  expect(all.items).toEqual([])
})

test('an erasure and a split hold when a store is made again from the log', async () => {
  const data = temporaryFolder()
  const people = await start(data)
  await people.send([
    ...ADA,
    ...BOB,
    { type: 'track', anonymousId: 'b', event: 'Visited', timestamp: at(0), messageId: 'v3' },
  ])
  expect((await people.call('DELETE', '/profiles/ada')).status).toBe(200)
  expect((await people.call('POST', '/profiles/b/split')).status).toBe(200)
  await people.send([{ type: 'track', userId: 'ada', event: 'Back', timestamp: at(9), messageId: 'new' }])
  const before = [
    await people.profile('ada'),
    await people.profile('bob'),
    await people.profile('b'),
    await people.stored(),
  ]
  expect(before.slice(0, 3)).toMatchObject([{ events: 1 }, { anonymousIds: [] }, { userId: null, events: 1 }])
  await people.close()

  for (const end of ['', '-wal', '-shm']) rmSync(join(data, `events.db${end}`), { force: true })
  const again = await start(data)
  await again.processed()
  expect([
    await again.profile('ada'),
    await again.profile('bob'),
    await again.profile('b'),
    await again.stored(),
  ]).toEqual(before)
  await again.close()

  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  const rebuilt = await start(data)
  expect([
    await rebuilt.profile('ada'),
    await rebuilt.profile('bob'),
    await rebuilt.profile('b'),
    await rebuilt.stored(),
  ]).toEqual(before)
}, 60_000)

test('an id that somebody else has used too is theirs after an erasure, as it is after a rebuild', async () => {
  const data = temporaryFolder()
  const people = await start(data)
  await people.send([
    ...ADA,
    ...BOB,
    { type: 'track', userId: 'bob', anonymousId: 'a', event: 'Visited', timestamp: at(4), messageId: 'at-hers' },
    { type: 'track', userId: 'cyd', anonymousId: 'a', event: 'Visited', timestamp: at(5), messageId: 'too' },
  ])
  expect((await people.call('DELETE', '/profiles/ada')).status).toBe(200)
  const found = async ({ list, profile }: typeof people) => [
    (await list('/api/v1/events?anonymousId=a')).events.map(({ messageId }) => messageId),
    await profile('bob'),
    await profile('a'),
  ]
  const before = await found(people)
  expect(before).toMatchObject([['at-hers', 'too'], { anonymousIds: ['a', 'b'], events: 4 }, { id: 'bob' }])
  await people.close()

  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  const rebuilt = await start(data)
  expect(await found(rebuilt)).toEqual(before)
  await rebuilt.call('DELETE', '/profiles/bob')
  await rebuilt.call('DELETE', '/profiles/cyd')
  expect(await rebuilt.refusal('GET', '/profiles/a')).toMatchObject({ 0: 404 })
}, 60_000)

test('an account that only an erased person was in goes with what that person said of it, and others stay', async () => {
  const people = peopleOf(await startHere({ workspace: EVERY_KEY }))
  const grouped = (userId: string, groupId: string, messageId: string) => ({
    type: 'group',
    userId,
    groupId,
    traits: { name: `${groupId} of ${userId}` },
    timestamp: at(2),
    messageId,
  })
  await people.send([grouped('bob', 'both', '1'), grouped('ada', 'both', '2'), grouped('ada', 'hers', '3')])
  await people.send([grouped('ada', 'told', '4')])
  const told = { groupType: 'company', groupKey: 'told', properties: { plan: 'pro' } }
  const response = await people.post('/v1/groups', told, { authorization: `Bearer ${EVERY_KEY.hogsendKeys![0]!.key}` })
  expect(response.status).toBe(200)
  await people.processed()
  await people.call('DELETE', '/profiles/ada')
  expect((await people.get('/accounts')).accounts).toEqual([
    { id: 'both', automatic: false, traits: { name: 'both of ada' }, memberCount: 1 },
    { id: 'told', automatic: false, traits: { plan: 'pro' }, memberCount: 0 },
  ])
  expect(await people.refusal('GET', '/accounts/hers')).toMatchObject({ 0: 404, 1: 'unknown_account' })
  await people.send([grouped('ada', 'hers', '5')])
  expect(await people.get('/accounts/hers')).toMatchObject({ traits: { name: 'hers of ada' }, memberCount: 1 })
})

test('nothing that names an erased person stays in the store', async () => {
  const data = temporaryFolder()
  const people = await start(data)
  const name = 'Zebulon-Quux'
  await people.send([{ ...ADA[1]!, traits: { name, email: 'zebulon@quux.example' } }, ...BOB])
  await people.call('DELETE', '/profiles/ada')
  await people.close()
  const database = new DatabaseSync(join(data, 'events.db'))
  database.exec('DELETE FROM outcomes')
  const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'ids_%'`).all()
  const left = tables.filter(({ name: table }) =>
    database
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .some((row) => /zebulon|quux|"ada"|\bada\b/i.test(JSON.stringify(row))),
  )
  database.close()
  expect(left).toEqual([])
})

test('exports a person as the lines of its timeline', async () => {
  const people = await start()
  const many = Array.from({ length: 1200 }, (_, n) => ({
    type: 'track',
    userId: 'ada',
    event: 'e',
    timestamp: at(n + 5),
    messageId: `e${n}`,
  }))
  await people.send([...many.toReversed(), ...BOB])
  await people.send(ADA)
  const response = await people.call('GET', '/export?format=ndjson&anonymousId=a')
  expect(response.headers.get('content-type')).toContain('application/x-ndjson')
  const events = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { messageId: string })
  expect(events.map(({ messageId }) => messageId)).toEqual([
    'v1',
    'i1',
    'g1',
    ...many.map(({ messageId }) => messageId),
  ])
})

test('an export has all that is of a person, by any of its ids, and nothing of anybody else', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startHere({ workspace: EVERY_KEY, data }))
  await people.send([
    ...ADA,
    ...BOB,
    // Bob at her browser: his. Who mentions her, and who is called as she is by another kind of id: not hers either.
    { type: 'track', userId: 'bob', anonymousId: 'a', event: 'Visited', timestamp: at(4), messageId: 'at-hers' },
    { type: 'track', userId: 'bob', event: 'Invited', properties: { who: 'ada' }, timestamp: at(5), messageId: 'v4' },
    { type: 'track', anonymousId: 'ada', event: 'Visited', timestamp: at(6), messageId: 'v5' },
    { type: 'identify', userId: 'eve', traits: { email: 'ada@example.com' }, timestamp: at(7), messageId: 'v6' },
  ])
  const headers = { authorization: `Bearer ${EVERY_KEY.hogsendKeys![0]!.key}`, 'idempotency-key': '1' }
  await people.post('/v1/events', { name: 'Opened', email: 'ada@example.com', timestamp: at(8) }, headers)
  const joined = { name: 'Paid', userId: 'ada', email: 'ada@example.com', timestamp: at(9) }
  await people.post('/v1/events', joined, { ...headers, 'idempotency-key': '2' })
  await people.processed()
  const exported = async (query: string) =>
    (await (await people.call('GET', `/export?${query}`)).text())
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { messageId: string }).messageId]))
  const hers = ['v1', 'i1', 'g1', 'hogsend:1', 'hogsend:2']
  for (const query of ['userId=ada', 'anonymousId=a', 'email=Ada@example.com']) {
    expect(await exported(query), query).toEqual(hers)
  }
  expect(await exported('anonymousId=ada')).toEqual(['v5'])
  expect((await exported('')).toSorted()).toEqual((await people.stored()).map(({ messageId }) => messageId).toSorted())
  expect(await people.refusal('GET', '/export?email=nobody@example.com')).toEqual([
    404,
    'unknown_profile',
    expect.stringContaining('`nobody@example.com`'),
  ])
})

test('a split takes an id out of a person, and it stays out', async () => {
  const people = await start()
  await people.send([...ADA, { type: 'track', anonymousId: 'a2', event: 'Visited', timestamp: at(1), messageId: 'v9' }])
  await people.send([{ ...ADA[1]!, anonymousId: 'a2', messageId: 'i9' }])
  expect(await people.profile('ada')).toMatchObject({ anonymousIds: ['a', 'a2'], events: 5 })
  const response = await people.call('POST', '/profiles/ada/split', { ids: ['a2'] })
  expect(await response.json()).toMatchObject({
    profile: { id: 'ada', anonymousIds: ['a'], events: 4 },
    separated: [{ id: 'a2', userId: null, anonymousIds: ['a2'], events: 1 }],
  })
  await people.send([{ ...ADA[1]!, anonymousId: 'a2', timestamp: at(20), messageId: 'again' }])
  expect(await people.profile('a2')).toMatchObject({ userId: null, events: 1 })
  await people.send([{ ...BOB[0]!, anonymousId: 'a2', messageId: 'bob-a2' }])
  expect(await people.profile('a2')).toMatchObject({ userId: 'bob' })
  const all = await people.call('POST', '/profiles/ada/split')
  expect(await all.json()).toMatchObject({ profile: { anonymousIds: [] }, separated: [{ id: 'a', events: 1 }] })
  expect(await people.refusal('POST', '/profiles/ada/split')).toEqual([
    400,
    'not_merged',
    expect.stringContaining('`ada`'),
  ])
})

test('a split holds when what was split off is erased, and when the other is, nothing of it stays', async () => {
  const data = temporaryFolder()
  const people = await start(data)
  await people.send(ADA)
  expect((await people.call('POST', '/profiles/a/split')).status).toBe(200)
  expect(await (await people.call('DELETE', '/profiles/a')).json()).toMatchObject({ anonymousIds: ['a'], events: 1 })
  expect((await people.list('/api/v1/events?anonymousId=a')).events).toMatchObject([{ messageId: 'i1' }])
  await people.send([
    { ...ADA[0]!, messageId: 'v3', timestamp: at(9) },
    { ...ADA[1]!, messageId: 'i3', timestamp: at(10) },
  ])
  const found = async ({ profile }: typeof people) => [await profile('ada'), await profile('a')]
  const before = await found(people)
  expect(before).toMatchObject([
    { anonymousIds: [], events: 3 },
    { userId: null, anonymousIds: ['a'], events: 1 },
  ])
  await people.close()

  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  const rebuilt = await start(data)
  expect(await found(rebuilt)).toEqual(before)
  for (const id of ['a', 'ada']) expect((await rebuilt.call('DELETE', `/profiles/${id}`)).status).toBe(200)
  expect((await rebuilt.get('/profiles')).profiles).toEqual([])
  await rebuilt.send([{ ...ADA[1]!, messageId: 'i4' }])
  expect(await rebuilt.profile('a')).toMatchObject({ userId: 'ada', events: 1 })
}, 60_000)

test('an address that was split off and erased is found and has its account as after a rebuild', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startHere({ data, workspace: EVERY_KEY }))
  const headers = { authorization: `Bearer ${EVERY_KEY.hogsendKeys![0]!.key}` }
  await people.post('/v1/events', { name: 'Opened', userId: 'ada', email: 'ada@acme.com', timestamp: at(1) }, headers)
  await people.processed()
  for (const [method, path] of [
    ['POST', '/split'],
    ['DELETE', ''],
  ] as const) {
    expect((await people.call(method, `/profiles/ada@acme.com${path}`)).status).toBe(200)
  }
  const found = async ({ get }: typeof people) => [
    (await get('/profiles?search=acme')).profiles,
    (await get('/accounts')).accounts,
  ]
  const before = await found(people)
  await people.close()
  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  expect(await found(peopleOf(await startHere({ data, workspace: EVERY_KEY })))).toEqual(before)
}, 60_000)

test('an address that was split off is found and has its account, also after a rebuild', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startHere({ data, workspace: EVERY_KEY }))
  const headers = { authorization: `Bearer ${EVERY_KEY.hogsendKeys![0]!.key}` }
  await people.post('/v1/events', { name: 'Opened', userId: 'ada', email: 'ada@acme.com', timestamp: at(1) }, headers)
  await people.processed()
  const response = await people.call('POST', '/profiles/ada@acme.com/split')
  expect(response.status).toBe(200)
  const found = async ({ get }: typeof people) => [await get('/profiles?search=ada@'), await get('/accounts/acme.com')]
  const before = await found(people)
  expect(before).toMatchObject([{ profiles: [{ id: 'ada@acme.com', userId: null }] }, { memberCount: 1 }])
  await people.close()

  await runCommand(['rebuild'], { AIRHOP_DATA: data })
  const rebuilt = peopleOf(await startHere({ data, workspace: EVERY_KEY }))
  expect((await found(rebuilt)).map(({ profiles, members }) => profiles ?? members)).toEqual(
    before.map(({ profiles, members }) => profiles ?? members),
  )
}, 60_000)

test('a split that is not understood takes nothing out', async () => {
  const people = await start()
  await people.send([...ADA, { ...ADA[1]!, anonymousId: 'a2', messageId: 'i9' }, ...BOB])
  const before = await people.profile('ada')
  const merged = '`ids` must be ids that were merged into `ada`'
  const cases: [body: unknown, sentence: string][] = [
    [{ ids: ['a2', 'typo'] }, `${merged}; \`typo\` was not.`],
    [{ ids: ['b'] }, `${merged}; \`b\` was not.`],
    [{ ids: ['ada'] }, `${merged}; \`ada\` was not.`],
    [{ id: ['a2'] }, '`id` is not known here: ids is.'],
    [{ ids: [] }, '`ids` must have an id; leave it out to take out all.'],
    [{ ids: ['a2', 1] }, '`ids[1]` must be an id; it is 1.'],
    [{ ids: 'a2' }, '`ids` must be an array of ids; it is "a2".'],
    [null, '`ids` must be an array of ids; it is null.'],
  ]
  for (const [body, sentence] of cases) {
    expect(await people.refusal('POST', '/profiles/ada/split', body)).toEqual([400, 'invalid_parameter', sentence])
  }
  expect(await people.profile('ada')).toEqual(before)
  const response = await people.call('POST', '/profiles/ada/split', ['a2'])
  expect(await response.json()).toMatchObject({ separated: [{ id: 'a2' }] })
})

test('a split undoes a merge of two users', async () => {
  const data = temporaryFolder()
  const alias = { type: 'alias', userId: 'ada', previousId: 'bob', timestamp: at(5), messageId: 'x' }
  const lines = [...ADA, ...BOB, alias].map((line) => `${JSON.stringify(line)}\n`).join('')
  await runCommand(['import', '-'], { AIRHOP_DATA: data }, Buffer.from(lines))
  const people = await start(data)
  expect(await people.profile('bob')).toMatchObject({
    userId: 'ada',
    userIds: ['ada', 'bob'],
    anonymousIds: ['a', 'b'],
    events: 7,
  })
  const response = await people.call('POST', '/profiles/bob/split')
  expect(await response.json()).toMatchObject({
    profile: { userId: 'ada', userIds: ['ada'] },
    separated: [{ userId: 'bob', events: 3 }],
  })
  expect(await people.profile('ada')).toMatchObject({ userIds: ['ada'], anonymousIds: ['a'], events: 4 })
  expect(await people.profile('bob')).toMatchObject({ userIds: ['bob'], anonymousIds: ['b'], events: 3 })
})

test('a split names also who was joined by the user that it takes out', async () => {
  const data = temporaryFolder()
  const alias = (userId: string, previousId: string) => ({ type: 'alias', userId, previousId, messageId: userId })
  const lines = [...ADA, ...BOB, alias('ada', 'bob'), alias('eve', 'ada')]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  await runCommand(['import', '-'], { AIRHOP_DATA: data }, Buffer.from(text))
  const people = await start(data)
  const response = await people.call('POST', '/profiles/ada/split')
  const { profile, separated } = (await response.json()) as { profile: object; separated: { id: string }[] }
  expect(profile).toMatchObject({ id: 'eve', userIds: ['eve'], anonymousIds: [] })
  expect(separated.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toMatchObject([
    { id: 'ada', userIds: ['ada'], anonymousIds: ['a'] },
    { id: 'bob', userIds: ['bob'], anonymousIds: ['b'] },
  ])
})
