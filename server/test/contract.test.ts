import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { toWholeJson } from './older-store.ts'
import { failToStart, startWith, temporaryFolder, until } from './server-under-test.ts'

const total = { type: 'object', required: ['total'], properties: { total: { type: 'number', minimum: 0 } } }

/** What an `Invoice Paid` must have; nothing is said of other events. */
const contract = (mode: string, properties: object = total) => ({
  mode,
  rules: [{ type: 'track', event: 'Invoice Paid', schema: { required: ['properties'], properties: { properties } } }],
})

const paid = (messageId: string, properties: object) => ({
  type: 'track',
  event: 'Invoice Paid',
  userId: 'u',
  messageId,
  timestamp: '2026-01-02T03:04:05.678Z',
  properties,
})
const GOOD = paid('good', { total: 7 })
const BAD = paid('bad', { total: '7' })
const UNPLANNED = { type: 'track', event: 'Other', userId: 'u', messageId: 'other' }

const REASON = 'It is not as the contract of this workspace says: `properties.total` must be number; it is "7".'
const MEND = 'Send it as it says, or change the contract.'
const KEPT =
  'It is kept in quarantine: change the contract and replay it, or send it as the contract says with the same `messageId`.'

type Server = Awaited<ReturnType<typeof startWith>>

const ids = async (server: Server) => (await server.stored()).map(({ messageId }) => messageId)

interface Quarantine {
  held: number
  expired: number
  quarantined: { message: string; event: Record<string, unknown> }[]
  next: string | null
}

const quarantine = async (server: Server, query = '') => {
  await server.processed()
  return (await (await server.get(`/api/v1/quarantine${query}`)).json()) as Quarantine
}

const replay = async (server: Server) => {
  await server.processed()
  const response = await server.post('/api/v1/quarantine/replay', '', { authorization: 'Bearer at_test' })
  expect(response.status).toBe(200)
  return (await response.json()) as { replayed: number; kept: number }
}

test('rejected, a single call is 422, in a batch it costs only itself, and its sender is told what to do', async () => {
  const server = await startWith({ contract: contract('reject') })
  const error = { code: 'contract_violation', message: `${REASON} ${MEND}` }
  const response = await server.post('/ingest/v1/batch', { batch: [GOOD, BAD, UNPLANNED] })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    received: 3,
    accepted: 2,
    duplicates: 0,
    rejected: 1,
    errors: [{ index: 1, messageId: 'bad', ...error }],
  })
  const single = await server.post('/ingest/v1/track', BAD)
  expect(single.status).toBe(422)
  expect(await single.json()).toEqual({ error })
  expect(await ids(server)).toEqual(['good', 'other'])
  await until(async () => (await server.rejected()).length === 2)
  expect(await server.rejected()).toMatchObject([
    { status: null, index: 1, messageId: 'bad', ...error, body: JSON.stringify(BAD) },
    { status: 422, ...error, body: JSON.stringify(BAD) },
  ])
  expect(await quarantine(server)).toMatchObject({ held: 0, quarantined: [] })
})

test('warned, it is stored with the warning', async () => {
  const server = await startWith({ contract: contract('warn') })
  expect((await server.post('/ingest/v1/track', BAD)).status).toBe(200)
  const response = await server.post('/ingest/v1/batch', { batch: [GOOD] })
  expect(await response.json()).toEqual({ received: 1, accepted: 1, duplicates: 0, rejected: 0 })
  const [bad, good] = await server.stored()
  expect(bad).toMatchObject({ messageId: 'bad', properties: { total: '7' }, warnings: [`${REASON} ${MEND}`] })
  expect(good).not.toHaveProperty('warnings')
})

test('quarantined, it is kept and told of, and stored as it came once the contract is mended', async () => {
  const data = temporaryFolder()
  const strict = await startWith({ contract: contract('quarantine') }, { data })
  const error = { code: 'contract_quarantined', message: `${REASON} ${KEPT}` }
  const nameless = { ...BAD, messageId: undefined, userId: 'nameless' }
  const batch = [BAD, GOOD, nameless, paid('worse', {})]
  const response = await strict.post('/ingest/v1/batch', { sentAt: '2026-01-02T03:05:05.678Z', batch })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    received: 4,
    accepted: 1,
    rejected: 3,
    quarantined: 3,
    errors: [
      { index: 0, messageId: 'bad', ...error },
      { index: 2, messageId: null, ...error },
      { index: 3, messageId: 'worse', code: 'contract_quarantined' },
    ],
  })
  const single = await strict.post('/ingest/v1/track', { ...BAD, messageId: 'single' })
  expect(single.status).toBe(200)
  expect(await single.json()).toMatchObject({
    received: 1,
    accepted: 0,
    quarantined: 1,
    errors: [{ index: 0, ...error }],
  })

  expect(await ids(strict)).toEqual(['good'])
  expect(await strict.rejected()).toMatchObject([
    { index: 0, messageId: 'bad', ...error },
    { index: 2, ...error },
    { index: 3, messageId: 'worse' },
    { index: 0, messageId: 'single', ...error },
  ])
  const { held, quarantined } = await quarantine(strict)
  expect(held).toBe(4)
  expect(quarantined[0]).toMatchObject({
    message: error.message,
    event: { messageId: 'bad', properties: { total: '7' } },
  })
  expect(await replay(strict)).toEqual({ replayed: 0, kept: 4 })
  expect(await ids(strict)).toEqual(['good'])
  await strict.close()

  const text = { type: 'object', required: ['total'] }
  const mended = await startWith({ contract: contract('quarantine', text) }, { data })
  expect(await replay(mended)).toEqual({ replayed: 3, kept: 1 })
  const stored = await mended.stored()
  expect(stored.map(({ messageId }) => messageId)).toEqual(['good', 'bad', expect.stringMatching(/^gen-/), 'single'])
  const [good, bad, generated] = stored as Record<string, string>[]
  expect(bad).toEqual({ ...good, messageId: 'bad', properties: { total: '7' } })
  expect(generated).toEqual({ ...bad, messageId: quarantined[1]!.event.messageId, userId: 'nameless' })

  expect(await mended.rejected()).toMatchObject([{ messageId: 'worse' }])
  expect(await quarantine(mended)).toMatchObject({
    held: 1,
    expired: 0,
    quarantined: [{ event: { messageId: 'worse' } }],
  })
  expect(await replay(mended)).toEqual({ replayed: 0, kept: 1 })
  expect(await mended.stored()).toHaveLength(4)
})

test('replayed twice at once, each is stored once', async () => {
  const data = temporaryFolder()
  const strict = await startWith({ contract: contract('quarantine') }, { data })
  const batch = Array.from({ length: 120 }, (_, place) => ({ ...BAD, messageId: place % 2 ? `m${place}` : undefined }))
  await strict.post('/ingest/v1/batch', { batch })
  await strict.processed()
  await strict.close()
  const server = await startWith({}, { data })
  expect((await quarantine(server, '?limit=50')).quarantined).toHaveLength(50)
  const [first, second] = await Promise.all([replay(server), replay(server)])
  expect([first, second]).toEqual([
    { replayed: 120, kept: 0 },
    { replayed: expect.any(Number), kept: 0 },
  ])
  await replay(server)
  expect(new Set(await ids(server)).size).toBe(120)
  expect(await server.stored()).toHaveLength(120)
  expect(await quarantine(server)).toMatchObject({ held: 0, quarantined: [] })
})

test('a replay of much that stays keeps nobody else waiting', async () => {
  const server = await startWith({ contract: contract('quarantine') })
  for (let part = 0; part < 4; part += 1) {
    const batch = Array.from({ length: 2500 }, (_, place) => ({ ...BAD, messageId: `${part}-${place}` }))
    await server.post('/ingest/v1/batch', { batch })
  }
  await server.processed()
  const answered: string[] = []
  const note = (name: string) => (response: Response) => {
    answered.push(`${name} ${response.status}`)
    return response.json()
  }
  const [replayed] = await Promise.all([
    server.post('/api/v1/quarantine/replay', '', { authorization: 'Bearer at_test' }).then(note('replay')),
    server.post('/ingest/v1/track', GOOD).then(note('event')),
  ])
  expect(replayed).toEqual({ replayed: 0, kept: 10_000 })
  expect(answered).toEqual(['event 200', 'replay 200'])
})

test('one that comes again is in quarantine once, and one that comes mended is stored instead', async () => {
  const data = temporaryFolder()
  const strict = await startWith({ contract: contract('quarantine') }, { data })
  for (let tries = 0; tries < 3; tries += 1) await strict.post('/ingest/v1/track', BAD)
  expect((await quarantine(strict)).held).toBe(1)
  expect(await strict.rejected()).toHaveLength(1)
  await strict.post('/ingest/v1/track', { ...GOOD, messageId: 'bad' })
  expect(await strict.stored()).toMatchObject([{ messageId: 'bad', properties: { total: 7 } }])
  await strict.post('/ingest/v1/track', BAD)
  await strict.processed()
  await strict.close()
  const mended = await startWith({}, { data })
  await replay(mended)
  expect(await mended.stored()).toMatchObject([{ messageId: 'bad', properties: { total: 7 } }])
  expect(await quarantine(mended)).toMatchObject({ held: 0 })
})

test('the verdict of the time of arrival holds when the log is processed under another contract', async () => {
  const data = temporaryFolder()
  const stalled = { data, workerScript: new URL('./programs/idle-worker.ts', import.meta.url) }
  const rules = (['reject', 'quarantine', 'warn'] as const).map((mode) => ({
    type: 'track',
    event: mode,
    mode,
    schema: { properties: { properties: { required: ['x'] } } },
  }))
  const first = await startWith({ contract: { mode: 'reject', rules } }, stalled)
  const batch = ['reject', 'quarantine', 'warn', 'fine'].map((event) => ({ ...UNPLANNED, event, messageId: event }))
  expect(await (await first.post('/ingest/v1/batch', { batch })).json()).toMatchObject({
    accepted: 2,
    rejected: 2,
    quarantined: 1,
  })
  await first.close()
  const second = await startWith({ contract: { mode: 'reject', unplanned: 'reject', rules: [] } }, { data })
  expect(await second.stored()).toMatchObject([
    { messageId: 'warn', warnings: [expect.any(String)] },
    { messageId: 'fine' },
  ])
  expect(await second.rejected()).toMatchObject([{ messageId: 'reject' }, { messageId: 'quarantine' }])
  expect(await quarantine(second)).toMatchObject({ held: 1 })
})

test('a store that is made again from the log has the same in quarantine, and what was replayed only once', async () => {
  const data = temporaryFolder()
  const strict = await startWith({ contract: contract('quarantine') }, { data })
  await strict.post('/ingest/v1/batch', { batch: [BAD, { ...BAD, messageId: undefined }, paid('worse', {})] })
  await strict.processed()
  await strict.close()
  const mended = await startWith({ contract: contract('quarantine', { required: ['total'] }) }, { data })
  expect(await replay(mended)).toEqual({ replayed: 2, kept: 1 })
  const before = await mended.stored()
  await mended.close()
  for (const name of ['events.db', 'events.db-wal', 'events.db-shm']) rmSync(join(data, name), { force: true })
  const again = await startWith({}, { data })
  expect(await again.stored()).toEqual(before)
  expect(await quarantine(again)).toMatchObject({ held: 1, quarantined: [{ event: { messageId: 'worse' } }] })
})

test('what is in quarantine is listed by name with its reasons, an example, and whether it may go by now', async () => {
  const data = temporaryFolder()
  const settings = { mode: 'quarantine', unplanned: 'quarantine' }
  const strict = await startWith({ contract: { ...contract('quarantine'), ...settings } }, { data })
  const batch = [BAD, paid('worse', {}), paid('again', { total: '7' }), UNPLANNED, { type: 'page', userId: 'u' }]
  await strict.post('/ingest/v1/batch', { batch })
  const namesOf = async (server: Server) => {
    await server.processed()
    return (await (await server.get('/api/v1/quarantine/names')).json()) as { names: Record<string, unknown>[] }
  }
  const { names, ...counts } = await namesOf(strict)
  expect(counts).toEqual({ held: 4, expired: 0 })
  expect(names).toHaveLength(2)
  const named = (name: string) => names.find((group) => group.name === name)
  expect(named('Invoice Paid')).toEqual({
    type: 'track',
    name: 'Invoice Paid',
    events: 3,
    firstAt: expect.stringMatching(/Z$/),
    lastAt: expect.stringMatching(/Z$/),
    messages: [`${REASON} ${KEPT}`, expect.stringContaining('`properties.total` is required')],
    example: expect.stringContaining('"messageId": "again"'),
    allowedNow: false,
  })
  expect(named('Other')).toMatchObject({ events: 1, allowedNow: false })
  expect((await fetch(`${strict.url}/api/v1/quarantine/names`)).status).toBe(401)
  const stored = await strict.stored()
  await strict.close()

  // As the version before has left it.
  const store = new DatabaseSync(join(data, 'events.db'))
  toWholeJson(store, stored)
  store.exec(`
    CREATE INDEX events_user      ON events (workspace, user_id)      WHERE user_id IS NOT NULL;
    CREATE INDEX events_anonymous ON events (workspace, anonymous_id) WHERE anonymous_id IS NOT NULL;
    CREATE INDEX events_email     ON events (workspace, email)        WHERE email IS NOT NULL;
    DROP INDEX quarantined_names; ALTER TABLE quarantined DROP COLUMN type; ALTER TABLE quarantined DROP COLUMN name;
    DROP TABLE losses; PRAGMA user_version = 5`)
  store.close()
  const mended = await startWith({ contract: contract('quarantine') }, { data })
  const after = (await namesOf(mended)).names
  expect(after.map(({ name, allowedNow }) => [name, allowedNow]).sort()).toEqual([
    ['Invoice Paid', false],
    ['Other', true],
  ])
  expect(await replay(mended)).toEqual({ replayed: 1, kept: 3 })
  expect(await namesOf(mended)).toMatchObject({ held: 3, names: [{ name: 'Invoice Paid', events: 3 }] })
})

test('what is in quarantine for 30 days is let go of, and counted', async () => {
  const data = temporaryFolder()
  let nowMs = Date.now()
  const server = await startWith({ contract: contract('quarantine') }, { data, now: () => nowMs })
  await server.post('/ingest/v1/track', BAD)
  nowMs += 29 * 86_400_000
  await server.post('/ingest/v1/track', { ...BAD, messageId: 'later' })
  expect(await quarantine(server)).toMatchObject({ held: 2, expired: 0 })
  nowMs += 2 * 86_400_000
  await server.post('/ingest/v1/track', GOOD)
  expect(await quarantine(server)).toMatchObject({
    held: 1,
    expired: 1,
    quarantined: [{ event: { messageId: 'later' } }],
  })
  expect(await server.rejected()).toMatchObject([{ messageId: 'later' }])
})

test('all that a contract can say of an event is checked in its canonical form', async () => {
  const rules = [
    { type: 'identify', schema: { required: ['userId'], properties: { traits: { $ref: '#/definitions/person' } } } },
    {
      type: 'screen',
      schema: { properties: { properties: { anyOf: [{ required: ['email'] }, { required: ['phone'] }] } } },
    },
    { type: 'group', schema: { properties: { traits: { required: ['name'] } } } },
    {
      type: 'page',
      name: 'Pricing',
      schema: { properties: { category: { const: 'marketing' } }, required: ['category'] },
    },
    { type: 'track', schema: { properties: { event: { pattern: '^[A-Z]' } } } },
    {
      type: 'track',
      event: 'Invoice Paid',
      schema: { properties: { properties: { additionalProperties: false, properties: { total: { enum: [1, 2] } } } } },
    },
  ]
  const person = { type: 'object', properties: { email: { type: 'string', format: 'email' } } }
  const server = await startWith({ contract: { mode: 'reject', rules, definitions: { person } } })
  const cases: [call: object, reason: string | undefined][] = [
    [{ type: 'identify', userId: 'u', traits: { email: 'a@b.co' } }, undefined],
    [
      { type: 'identify', userId: 'u', traits: { email: 'ab.co' } },
      '`traits.email` must match format "email"; it is "ab.co"',
    ],
    // null in the canonical event, and absent for the contract.
    [{ type: 'identify', anonymousId: 'a', userId: '' }, '`userId` is required'],
    [{ type: 'group', userId: 'u', groupId: 'g' }, '`traits.name` is required'],
    [{ type: 'page', userId: 'u', name: 'Home' }, undefined],
    [{ type: 'page', userId: 'u', properties: { name: 'Pricing' } }, '`category` is required'],
    [{ type: 'page', userId: 'u', name: 'Pricing', category: 'x' }, '`category` must be equal to constant; it is "x"'],
    [{ type: 'track', userId: 'u', event: 'lower' }, '`event` must match pattern "^[A-Z]"; it is "lower"'],
    [
      { type: 'track', userId: 'u', event: 'Invoice Paid', properties: { total: 3 } },
      '`properties.total` must be one of 1, 2; it is 3',
    ],
    [
      { type: 'track', userId: 'u', event: 'Invoice Paid', properties: { 'a.b': 1 } },
      '`properties.a.b` is not allowed',
    ],
    [{ type: 'alias', userId: 'u', previousId: 'p' }, undefined],
    [{ type: 'screen', userId: 'u', properties: { phone: '1' } }, undefined],
    [{ type: 'screen', userId: 'u' }, '`properties` must match a schema in anyOf; it is an object'],
  ]
  const response = await server.post('/ingest/v1/batch', { batch: cases.map(([call]) => call) })
  const { errors } = (await response.json()) as { errors: { index: number; message: string }[] }
  expect(errors.map(({ index, message }) => [index, message])).toEqual(
    cases.flatMap(([, reason], index) =>
      reason === undefined ? [] : [[index, `It is not as the contract of this workspace says: ${reason}. ${MEND}`]],
    ),
  )
})

test('a rule may be graver than the contract, and the gravest counts; a track that none names may be refused', async () => {
  const schema = { properties: { properties: { required: ['x'] } } }
  const rules = [
    { type: 'track', schema },
    { type: 'track', event: 'Grave', mode: 'reject', schema },
  ]
  const server = await startWith({ contract: { mode: 'warn', unplanned: 'quarantine', rules } })
  const batch = ['Grave', 'Unknown'].map((event) => ({ ...UNPLANNED, event, messageId: event }))
  expect(await (await server.post('/ingest/v1/batch', { batch })).json()).toMatchObject({
    accepted: 0,
    quarantined: 1,
    errors: [
      { messageId: 'Grave', code: 'contract_violation' },
      {
        messageId: 'Unknown',
        code: 'contract_quarantined',
        message: expect.stringContaining('it does not name the event "Unknown"'),
      },
    ],
  })
})

test('quarantine is read and replayed with the admin token only', async () => {
  const server = await startWith({ contract: contract('quarantine') })
  expect((await server.get('/api/v1/quarantine', 'wk_test')).status).toBe(401)
  expect((await server.post('/api/v1/quarantine/replay', '')).status).toBe(401)
})

async function mistakesOf(workspace: object, contractText: string): Promise<string[]> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'contract.json'), contractText)
  const file = join(folder, 'config.json')
  writeFileSync(
    file,
    JSON.stringify({ workspaces: [{ name: 'w', writeKeys: ['wk_a'], contract: 'contract.json', ...workspace }] }),
  )
  const { code, said } = await failToStart({ AIRHOP_CONFIG: file, AIRHOP_WRITE_KEY: '', AIRHOP_ADMIN_TOKEN: '' })
  expect(code).toBe(1)
  return said
    .trim()
    .split('\n')
    .map((line) => line.replace('airhop-ingest: ', '').replaceAll(`${folder}/`, ''))
}

test('all mistakes of a contract are said at once, by field, with those of the configuration', async () => {
  const rules = [
    {
      type: 'track',
      event: 'A',
      schema: { properties: { properties: { type: 'obj', properties: { a: { minimum: 'x' } } } } },
    },
    {
      type: 'track',
      event: 'B',
      schema: { properties: { a: { format: 'emial' }, b: { format: 'irl' } }, requierd: ['a'] },
    },
    { type: 'identify', event: 'C', schema: {} },
    { type: 'track', event: 'A', name: 'n', schema: { $ref: '#/definitions/nowhere' } },
    { type: 'page', schema: { properties: { name: { pattern: '(' } } } },
  ]
  const said = await mistakesOf({ ratePerSecond: 0 }, JSON.stringify({ mode: 'reject', rules }))
  expect(said.sort()).toEqual(
    [
      'config.json: `workspaces[0].ratePerSecond` must be > 0.',
      'contract.json: `rules[0].schema.properties.properties.type` must be one of array, boolean, integer, null, number, object, string.',
      'contract.json: `rules[0].schema.properties.properties.properties.a.minimum` must be number.',
      'contract.json: `rules[1].schema`: unknown format "emial".',
      'contract.json: `rules[1].schema`: unknown format "irl".',
      'contract.json: `rules[1].schema`: unknown keyword: "requierd".',
      'contract.json: `rules[2].event` is of rules for track; this one is for identify.',
      'contract.json: `rules[3].name` is of rules for page and screen; this one is for track.',
      'contract.json: `rules[3]` is for the same events as `rules[0]`.',
      "contract.json: `rules[3].schema`: can't resolve reference #/definitions/nowhere from id contract.",
      'contract.json: `rules[4].schema`: Invalid regular expression: /(/u: Unterminated group.',
    ].sort(),
  )
  expect(await mistakesOf({}, JSON.stringify({ rules: [{ type: 'click', schema: 7 }], modes: 'warn' }))).toEqual([
    'contract.json: `the contract` lacks `mode`.',
    'contract.json: `the contract` has an unknown field `modes`.',
    'contract.json: `rules[0].type` must be one of identify, track, page, screen, group, alias.',
    'contract.json: `rules[0].schema` must be object,boolean.',
  ])
  expect(await mistakesOf({}, '{"mode":')).toEqual([
    expect.stringMatching(/^contract\.json: it cannot be read as JSON: /),
  ])
  expect(await mistakesOf({ contract: 'none.json' }, '')).toEqual([expect.stringMatching(/^none\.json: .*ENOENT/)])
})

for (const draft of ['2019-09', '2020-12']) {
  test(`a contract may be written in draft ${draft}`, async () => {
    const $schema = `https://json-schema.org/draft/${draft}/schema`
    const properties = { dependentRequired: { total: ['currency'] } }
    const server = await startWith({ contract: { $schema, ...contract('reject', properties) } })
    const batch = [GOOD, paid('with', { total: 1, currency: 'EUR' })]
    expect(await (await server.post('/ingest/v1/batch', { batch })).json()).toMatchObject({
      accepted: 1,
      errors: [{ index: 0, message: expect.stringContaining('`properties.currency` is required') }],
    })
  })
}

test('the contract of the documentation does what is said of it', async () => {
  const page = readFileSync(new URL('../../docs/server.md', import.meta.url), 'utf8')
  const blocks = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, json]) => JSON.parse(json!) as object)
  const server = await startWith({ contract: blocks.find((block) => 'rules' in block) })
  const batch = [
    paid('bad', { total: -1 }),
    paid('good', { total: 1 }),
    UNPLANNED,
    { type: 'identify', userId: 'u', messageId: 'no-email' },
  ]
  expect(await (await server.post('/ingest/v1/batch', { batch })).json()).toMatchObject({
    accepted: 2,
    quarantined: 1,
    errors: [
      { messageId: 'bad', code: 'contract_quarantined' },
      { messageId: 'no-email', code: 'contract_violation' },
    ],
  })
  const stored = await server.stored()
  expect(stored.map(({ messageId, warnings }) => [messageId, warnings !== undefined])).toEqual([
    ['good', false],
    ['other', true],
  ])
})

test('a workspace has 100,000 events in quarantine at most, the newest', { timeout: 120_000 }, async () => {
  const server = await startWith({ contract: { mode: 'quarantine', unplanned: 'quarantine', rules: [] } })
  for (let from = 0; from < 100_500; from += 1500) {
    const batch = Array.from({ length: 1500 }, (_, place) => ({ ...UNPLANNED, messageId: `m${from + place}` }))
    expect((await server.post('/ingest/v1/batch', { batch })).status).toBe(200)
  }
  const { held, expired, quarantined } = await quarantine(server, '?limit=1')
  expect([held, expired]).toEqual([100_000, 500])
  expect(quarantined).toMatchObject([{ event: { messageId: 'm500' } }])
})
