import { expect, test } from 'vitest'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const HOUR_MS = 3_600_000
const NOON = Date.parse('2026-11-21T12:00:00.000Z')

/** A server whose clock the test sets; `send` is of that moment. */
async function startAt() {
  const clock = { ms: NOON }
  const server = await startHere({ now: () => clock.ms })
  const send = async (...calls: object[]) => {
    const batch = calls.map((call) => ({ userId: 'u', type: 'track', ...call }))
    const answer = await server.post('/ingest/v1/batch', { writeKey: WRITE_KEY, batch })
    expect(answer.status).toBe(200)
  }
  const read = async (path: string) => {
    await server.processed()
    return (await (await server.get(path)).json()) as any
  }
  const names = async () => (await read('/api/v1/catalogue')).names as any[]
  const warnings = async () =>
    Object.fromEntries(
      (await names())
        .filter(({ warnings }) => warnings.length > 0)
        .map(({ name, warnings }) => [name, warnings.map(({ code }: any) => code)]),
    )
  return { clock, server, send, read, names, warnings }
}

test('every name is there with how often, when, and the hours of a day', async () => {
  const { clock, send, names } = await startAt()
  await send({ event: 'signed_up' }, { event: 'signed_up' }, { type: 'page', name: 'Home' }, { type: 'identify' })
  clock.ms += 2 * HOUR_MS
  await send({ event: 'signed_up' })
  const [identify, page, signedUp] = await names()
  expect([identify.type, page.name]).toEqual(['identify', 'Home'])
  expect(signedUp).toMatchObject({
    type: 'track',
    name: 'signed_up',
    events: 3,
    firstSeen: '2026-11-21T12:00:00.000Z',
    lastSeen: '2026-11-21T14:00:00.000Z',
    warnings: [],
  })
  expect(signedUp.last24Hours).toEqual([...Array(21).fill(0), 2, 0, 1])
})

test('what comes twice is counted once, and its repeats are told of the event', async () => {
  const { send, names, read } = await startAt()
  const event = { event: 'e', messageId: 'same' }
  await send(event, event)
  await send(event)
  expect((await names())[0].events).toBe(1)
  expect((await read('/api/v1/inspect?messageId=same')).duplicates).toEqual({
    count: 2,
    lastAt: '2026-11-21T12:00:00.000Z',
  })
})

test('properties are there with their types and a few examples', async () => {
  const { send, read } = await startAt()
  await send(
    { event: 'e', properties: { plan: 'pro', price: 12, at: null, tags: ['a'], __proto__: 1 } },
    { event: 'e', properties: { plan: 'free', price: 0, deep: { a: 1 }, ok: true } },
  )
  await send({ event: 'e', properties: JSON.parse('{"plan":"team","__proto__":"x","":1}') })
  const { fields } = await read('/api/v1/catalogue/name?name=e')
  expect(fields.map(({ field, type, events, examples }: any) => [field, type, events, examples])).toEqual([
    ['', 'number', 1, ['1']],
    ['__proto__', 'string', 1, ['"x"']],
    ['at', 'null', 1, []],
    ['deep', 'object', 1, ['{"a":1}']],
    ['ok', 'boolean', 1, ['true']],
    ['plan', 'string', 3, ['"pro"', '"free"', '"team"']],
    ['price', 'number', 2, ['12', '0']],
    ['tags', 'array', 1, ['["a"]']],
  ])
})

test('names that are not snake_case, and spellings of one event, are warned of', async () => {
  const { send, warnings, names } = await startAt()
  await send(
    ...['signup', 'signed_up', 'signed_up', 'Sign Up', 'planChosen', 'invoice_paid', 'chekcout_started'].map(
      (event) => ({ event }),
    ),
    { event: 'checkout_started' },
    { event: 'step_1_reached' },
    { event: 'step_2_reached' },
    { event: 'kunde_gelöscht' },
  )
  expect(await warnings()).toEqual({
    'Sign Up': ['near_duplicate', 'not_snake_case'],
    signup: ['near_duplicate'],
    signed_up: ['near_duplicate'],
    planChosen: ['not_snake_case'],
    checkout_started: ['near_duplicate'],
    chekcout_started: ['near_duplicate'],
  })
  const signup = (await names()).find(({ name }) => name === 'signup')
  expect(signup.warnings[0]).toEqual({
    code: 'near_duplicate',
    message: 'Looks like the same event as `Sign Up`, `signed_up`. `signed_up` has the most events: keep that.',
    others: ['Sign Up', 'signed_up'],
  })
})

test('words that differ by a letter are not taken for a slip of the finger', async () => {
  const { send, warnings } = await startAt()
  const names = ['card_removed', 'cart_removed', 'note_created', 'node_created', 'variant_a_shown', 'variant_b_shown']
  await send(...names.map((event) => ({ event })))
  expect(await warnings()).toEqual({})
})

test('a name that the server itself gives is nobody’s mistake', async () => {
  const { send, warnings } = await startAt()
  await send({ event: 'intercom.conversation.user.created' })
  expect(await warnings()).toEqual({})
})

test('of spellings that came as often, one is to be kept, whichever is looked at', async () => {
  const { send, names } = await startAt()
  await send({ event: 'Sign Up' }, { event: 'signed_up' }, { event: 'signup' })
  const advice = (await names()).map(({ warnings }) => /\. (Keep .*)$/.exec(warnings[0].message)![1])
  expect(advice).toEqual(['Keep `signed_up`.', 'Keep this one.', 'Keep `signed_up`.'])
})

test('an event that pauses while another begins was not renamed', async () => {
  const { clock, send, warnings } = await startAt()
  const properties = { plan: 'pro', source: 'ad' }
  for (let at = 0; at < 4; at += 1) {
    await send({ event: 'signed_up', properties })
    clock.ms += 5 * HOUR_MS
  }
  await send({ event: 'once', properties })
  for (let at = 0; at < 3; at += 1) {
    clock.ms += HOUR_MS
    await send({ event: 'invite_sent', properties })
  }
  expect(await warnings()).toEqual({})
})

test('a property whose type changed is warned of, one that was null is not', async () => {
  const { clock, send, names } = await startAt()
  await send({ event: 'paid', properties: { amount: 12, coupon: null } })
  clock.ms += HOUR_MS
  await send({ event: 'paid', properties: { amount: '12 €', coupon: 'x' } })
  expect((await names())[0].warnings).toEqual([
    {
      code: 'type_changed',
      field: 'amount',
      message:
        '`amount` was a number and came as a string (such as "12 €") first on 2026-11-21 13:00 UTC. Sums and filters over both go wrong.',
    },
  ])
})

test('an event that stays away longer than it ever did is silent', async () => {
  const { clock, send, warnings } = await startAt()
  for (let day = 0; day < 4; day += 1) {
    await send({ event: 'report_sent' }, { event: 'weekly' })
    clock.ms += 24 * HOUR_MS
  }
  expect(await warnings()).toEqual({})
  clock.ms += 3 * 24 * HOUR_MS
  await send({ event: 'weekly' })
  expect(await warnings()).toEqual({ report_sent: ['silent'] })
})

test('an event that ends when another one with the same properties begins was renamed', async () => {
  const { clock, send, names } = await startAt()
  const properties = { plan: 'pro', price: 12, currency: 'eur' }
  for (let hour = 0; hour < 5; hour += 1) {
    await send({ event: 'upgraded', properties }, { event: 'other', properties: { a: 1 } })
    clock.ms += HOUR_MS
  }
  for (let hour = 0; hour < 5; hour += 1) {
    await send({ event: 'plan_changed', properties }, { event: 'other', properties: { a: 1 } })
    clock.ms += HOUR_MS
  }
  const warned = (await names()).filter(({ warnings }) => warnings.length > 0)
  expect(warned.map(({ name, warnings }) => [name, warnings.map(({ code, others }: any) => [code, others])])).toEqual([
    ['upgraded', [['renamed', ['plan_changed']]]],
  ])
})

test('ids in names fill nothing: a thousand names are listed, and the rest is counted and warned of', async () => {
  const { send, names } = await startAt()
  for (let from = 0; from < 1200; from += 400) {
    await send(...Array.from({ length: 400 }, (_, at) => ({ event: `order_${from + at}_paid` })))
  }
  await send({ event: 'wide', properties: Object.fromEntries(Array.from({ length: 150 }, (_, at) => [`p${at}`, at])) })
  const all = await names()
  expect(all).toHaveLength(1001)
  const more = all.find(({ type }) => type === 'more')
  expect(more).toMatchObject({ events: 201, warnings: [{ code: 'too_many_names' }] })
})

test('a hundred properties of a name are listed, and the rest is warned of', async () => {
  const { send, names, read } = await startAt()
  for (let from = 0; from < 300; from += 60) {
    const properties = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`p${from + at}`, at]))
    await send({ event: 'wide', properties })
  }
  expect((await names())[0].warnings.map(({ code }: any) => code)).toEqual(['too_many_fields'])
  expect((await read('/api/v1/catalogue/name?name=wide')).fields.length).toBe(101)
})
