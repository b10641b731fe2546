import { expect, test } from 'vitest'
import { type People, peopleOf } from './people-under-test.ts'
import { startHere, WRITE_KEY } from './server-under-test.ts'

const MINUTE = 60_000
const BEGIN = Date.parse('2026-11-20T10:00:00Z')
const at = (minutes: number) => new Date(BEGIN + minutes * MINUTE).toISOString()

async function start(): Promise<People> {
  return peopleOf(await startHere())
}

const visit = (anonymousId: string, minutes: number, event = 'Visited') => ({
  type: 'track',
  anonymousId,
  event,
  timestamp: at(minutes),
  messageId: `${anonymousId}-${event}-${minutes}`,
})

const login = (userId: string, anonymousId: string, minutes: number, traits = {}) => ({
  type: 'identify',
  userId,
  anonymousId,
  traits,
  timestamp: at(minutes),
  messageId: `${userId}-${anonymousId}-${minutes}`,
})

test('what happened before the login belongs to the person, also when it arrives later and on other devices', async () => {
  const people = await start()
  await people.send([login('ada', 'phone', 5, { plan: 'pro' })])
  await people.send([visit('laptop', 3), visit('phone', 1), login('ada', 'laptop', 9), visit('phone', 7)])
  expect(await people.profile('ada')).toEqual({
    id: 'ada',
    userId: 'ada',
    userIds: ['ada'],
    anonymousIds: ['phone', 'laptop'],
    emails: [],
    traits: { plan: 'pro' },
    accounts: [],
    automaticAccount: null,
    verified: false,
    firstSeen: at(1),
    lastSeen: at(9),
    events: 5,
  })
  expect(await people.profile('phone')).toEqual(await people.profile('ada'))
  expect(await people.times('laptop')).toEqual([1, 3, 5, 7, 9].map(at))
})

test('a timeline is paged in both orders, and by the name of an event', async () => {
  const people = await start()
  await people.send([
    login('ada', 'a', 50),
    ...[4, 1, 3, 2, 0].map((minutes) => visit('a', minutes, `E${minutes % 2}`)),
  ])
  const first = await people.get('/profiles/ada/events?limit=4')
  expect(first.events.map(({ timestamp }: { timestamp: string }) => timestamp)).toEqual([0, 1, 2, 3].map(at))
  const rest = await people.get(`/profiles/ada/events?limit=4&after=${first.next}`)
  expect(rest.events).toHaveLength(2)
  expect(rest.next).toBeNull()
  expect(await people.get(`/profiles/ada/events?after=${rest.cursor}`)).toEqual({
    events: [],
    next: null,
    cursor: rest.cursor,
  })
  expect(await people.times('ada', '?order=desc&limit=2')).toEqual([50, 4].map(at))
  expect(await people.times('ada', '?event=E1')).toEqual([1, 3].map(at))
})

test('traits merge by the time of the event, and a null removes', async () => {
  const people = await start()
  await people.send([login('ada', 'a', 5, { plan: 'pro', name: 'Ada', left: 1 })])
  await people.send([
    login('ada', 'a', 6, { left: null, at: { deep: [1] } }),
    login('ada', 'b', 4, { plan: 'free', early: true, left: 2 }),
  ])
  expect((await people.profile('ada')).traits).toEqual({ plan: 'pro', name: 'Ada', at: { deep: [1] }, early: true })
  await people.send([login('ada', 'a', 7, { left: 3 })])
  expect((await people.profile('ada')).traits.left).toBe(3)
})

test('calls that say no time count in the order in which they came', async () => {
  const people = await start()
  const steps = (userId: string, ids: (n: number) => object) =>
    Array.from({ length: 12 }, (_, step) => ({ type: 'identify', userId, traits: { step }, ...ids(step) }))
  await people.send([
    ...steps('ada', (n) => ({ messageId: `m${99 - n}` })),
    ...steps('bob', () => ({})),
    ...steps('cyd', (n) => ({ traits: { step: 0 }, context: { traits: { seen: n } }, messageId: `w${99 - n}` })),
    ...['dan', 'eve'].map((userId, n) => ({ type: 'identify', userId, anonymousId: 'd', messageId: `y${9 - n}` })),
    ...['free', 'pro'].map((plan, n) => ({
      type: 'group',
      userId: 'fay',
      groupId: 'g',
      traits: { plan },
      messageId: `x${9 - n}`,
    })),
  ])
  for (const id of ['ada', 'bob']) expect((await people.profile(id)).traits, id).toEqual({ step: 11 })
  expect((await people.profile('cyd')).traits).toEqual({ step: 0, seen: 11 })
  expect((await people.profile('d')).userId).toBe('dan')
  expect((await people.get('/accounts/g')).traits).toEqual({ plan: 'pro' })
  await people.call('DELETE', '/profiles/fay')
  expect(await people.refusal('GET', '/accounts/g')).toMatchObject({ 0: 404 })
})

test('what is set once stays as it was first, until it is set; what was removed comes back only by something newer', async () => {
  const people = await start()
  const posthog = (minutes: number, properties: object) => ({
    uuid: `once-${minutes}`,
    event: 'Seen',
    distinct_id: 'ada',
    timestamp: at(minutes),
    properties,
  })
  const batch = [
    posthog(5, { $set_once: { source: 'later', plan: 'guessed', city: 'Rome' } }),
    posthog(4, { $set: { city: null } }),
    posthog(3, { $set: { plan: 'pro' } }),
    posthog(2, { $set_once: { source: 'first', gone: 'old' } }),
    posthog(6, { $set: { gone: null } }),
  ]
  await people.post('/ingest/v1/posthog/batch', { api_key: WRITE_KEY, batch })
  await people.processed()
  expect((await people.profile('ada')).traits).toEqual({ source: 'first', plan: 'pro', city: 'Rome' })
})

test('what a context knew of somebody fills gaps and overwrites nothing', async () => {
  const people = await start()
  const context = { traits: { plan: 'free', name: 'Ada' } }
  await people.send([login('ada', 'a', 1, { plan: 'pro' }), { ...visit('a', 2), userId: 'ada', context }])
  expect((await people.profile('ada')).traits).toEqual({ plan: 'pro', name: 'Ada' })
})

test('who never logged in is a person too, and two devices that share nothing are two people', async () => {
  const people = await start()
  await people.send([visit('a', 1), visit('b', 2)])
  expect(await people.profile('a')).toMatchObject({ id: 'a', userId: null, anonymousIds: ['a'], events: 1 })
  expect((await people.get('/profiles')).profiles.map(({ id }: { id: string }) => id)).toEqual(['a', 'b'])
})

test('listings are paged to their end in both orders, each one once', async () => {
  const people = await start()
  const ids = ['a', 'b', 'c', 'd', 'e']
  await people.send(ids.map((id) => group(`user-${id}`, `account-${id}`, 1)))
  const walk = async (path: string, list: string) => {
    const found: string[] = []
    for (let after = ''; ; ) {
      const { [list]: items, next } = await people.get(`${path}${path.includes('?') ? '&' : '?'}limit=2${after}`)
      found.push(...items.map(({ id }: { id: string }) => id))
      if (next === null) return found
      expect(items).toHaveLength(2)
      after = `&after=${encodeURIComponent(next)}`
    }
  }
  const users = ids.map((id) => `user-${id}`)
  expect(await walk('/profiles', 'profiles')).toEqual(users)
  expect(await walk('/profiles?order=desc', 'profiles')).toEqual(users.toReversed())
  expect(await walk('/profiles?search=user&order=desc', 'profiles')).toEqual(users.toReversed())
  expect(await walk('/accounts', 'accounts')).toEqual(ids.map((id) => `account-${id}`))
  await people.send(ids.map((id) => group(`user-${id}`, 'all', 2)))
  expect(await walk('/accounts/all', 'members')).toEqual(users)
})

test('on a shared computer each one keeps what was done after reset, and nobody is merged', async () => {
  const people = await start()
  await people.send([visit('first', 1), login('ada', 'first', 2), visit('second', 3), login('bob', 'second', 4)])
  expect(await people.profile('ada')).toMatchObject({ anonymousIds: ['first'], events: 2 })
  expect(await people.profile('bob')).toMatchObject({ anonymousIds: ['second'], events: 2 })
})

test('an anonymous id belongs to one user: the first that logged in with it, in whatever order that arrives', async () => {
  const people = await start()
  await people.send([login('bob', 'shared', 9), visit('shared', 1), { ...visit('shared', 10), userId: 'bob' }])
  expect(await people.profile('shared')).toMatchObject({ userId: 'bob' })
  await people.send([login('ada', 'shared', 3)])
  expect(await people.profile('shared')).toMatchObject({ userId: 'ada' })
  expect(await people.times('ada')).toEqual([1, 3].map(at))
  expect(await people.times('bob')).toEqual([9, 10].map(at))
})

test('finds people by the beginning of an id, and of a word of name and e-mail address', async () => {
  const people = await start()
  await people.send([
    login('user-1', 'a', 1, { name: 'Ada Lovelace', email: 'ada@Acme.com' }),
    login('user-2', 'b', 1, { name: 'Böll', firstName: 'Heinrich' }),
    visit('visitor-3', 2),
  ])
  const found = async (search: string) =>
    (await people.get(`/profiles?search=${encodeURIComponent(search)}`)).profiles.map(({ id }: { id: string }) => id)
  expect(await found('love')).toEqual(['user-1'])
  expect(await found('ada@ac')).toEqual(['user-1'])
  expect(await found('ACME')).toEqual(['user-1'])
  expect(await found('bö')).toEqual(['user-2'])
  expect(await found('user-')).toEqual(['user-1', 'user-2'])
  expect(await found('visitor')).toEqual(['visitor-3'])
  expect(await found('nobody')).toEqual([])
  await people.send([login('user-1', 'a', 5, { name: 'Countess' })])
  expect(await found('love')).toEqual([])
  const page = await people.get('/profiles?search=user-&limit=1')
  expect((await people.get(`/profiles?search=user-&after=${page.next}`)).profiles).toMatchObject([{ id: 'user-2' }])
})

test('an id may hold anything, and one that is not known is a 404 that names it', async () => {
  const people = await start()
  const id = `a/b?c#d%20é ${'x'.repeat(490)}`
  await people.send([{ ...login(id, 'a', 1), messageId: 'm' }])
  expect((await people.get(`/profiles/${encodeURIComponent(id)}`)).userId).toBe(id)
  for (const path of ['/profiles/who%2F1', '/profiles/who%2F1/events', '/export?userId=who%2F1']) {
    expect(await people.refusal('GET', path)).toEqual([404, 'unknown_profile', expect.stringContaining('`who/1`')])
  }
  expect(await people.refusal('DELETE', '/profiles/who%2F1')).toEqual([
    404,
    'unknown_profile',
    expect.stringContaining('`who/1`'),
  ])
  expect(await people.refusal('POST', '/profiles/who%2F1/split')).toMatchObject({ 0: 404 })
  expect(await people.refusal('GET', '/accounts/none')).toEqual([
    404,
    'unknown_account',
    expect.stringContaining('`none`'),
  ])
})

test('the answers are for holders of the admin token, and a parameter that is wrong is named', async () => {
  const { url } = await start()
  for (const path of ['/profiles', '/profiles/a', '/accounts', '/counts', '/people', '/funnel', '/export']) {
    expect((await fetch(`${url}/api/v1${path}`)).status, path).toBe(401)
  }
  expect((await fetch(`${url}/api/v1/profiles/a`, { method: 'DELETE' })).status).toBe(401)
  expect((await fetch(`${url}/api/v1/profiles/a/split`, { method: 'POST' })).status).toBe(401)
})

const group = (userId: string, groupId: string, minutes: number, traits = {}) => ({
  type: 'group',
  userId,
  groupId,
  traits,
  timestamp: at(minutes),
  messageId: `${userId}-${groupId}-${minutes}`,
})

test('a group call says an account, with traits by time; a user may belong to several', async () => {
  const people = await start()
  await people.send([group('ada', 'acme', 5, { name: 'Acme', plan: 'pro' }), group('ada', 'globex', 6), visit('a', 1)])
  await people.send([group('bob', 'acme', 4, { plan: 'free', seats: 3 }), login('bob', 'a', 7)])
  expect((await people.profile('ada')).accounts).toEqual(['acme', 'globex'])
  const acme = await people.get('/accounts/acme')
  expect(acme).toMatchObject({
    id: 'acme',
    automatic: false,
    traits: { name: 'Acme', plan: 'pro', seats: 3 },
    memberCount: 2,
    events: 5,
    firstSeen: at(1),
    lastSeen: at(7),
    next: null,
  })
  expect(acme.members.map(({ id }: { id: string }) => id)).toEqual(['ada', 'bob'])
  expect(acme.activity).toEqual([{ day: '2026-11-20', events: 5, people: 2 }])
  const first = await people.get('/accounts/acme?limit=1')
  expect((await people.get(`/accounts/acme?limit=1&after=${first.next}`)).members).toMatchObject([{ id: 'bob' }])
})

test('an event that happened for an account makes a membership', async () => {
  const people = await start()
  await people.send([{ ...visit('a', 1), userId: 'ada', context: { groupId: 'acme' } }])
  expect((await people.profile('ada')).accounts).toEqual(['acme'])
})

test('who has a business address belongs to the account of its domain, until a group call says otherwise', async () => {
  const people = await start()
  await people.send([
    login('ada', 'a', 1, { email: 'ada@mail.acme.co.uk' }),
    login('bob', 'b', 1, { email: 'bob@acme.co.uk' }),
    login('cyd', 'c', 1, { email: 'cyd@gmail.com' }),
    login('dan', 'd', 1, { email: 'dan@mailinator.com' }),
    login('eve', 'e', 1, { email: 'no address' }),
    login('fay', 'f', 1, { email: 'fay@post.mail.yahoo.co.uk' }),
    login('gus', 'g', 1, { email: 'gus@co.uk' }),
    login('hal', 'h', 1, { email: 'hal@10.0.0.1' }),
    login('ida', 'i', 1, { email: 'acme.co.uk' }),
    login('jan', 'j', 1, { email: 'jan@relay.firefox.com' }),
    login('kim', 'k', 1, { email: 'kim@tutanota.com' }),
    login('lea', 'l', 1, { email: '7+lea@users.noreply.github.com' }),
  ])
  expect(await people.get('/accounts')).toMatchObject({
    accounts: [{ id: 'acme.co.uk', automatic: true, traits: {}, memberCount: 2 }],
  })
  expect(await people.profile('ada')).toMatchObject({ accounts: ['acme.co.uk'], automaticAccount: 'acme.co.uk' })
  for (const id of ['cyd', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jan', 'kim', 'lea'])
    expect((await people.profile(id)).accounts, id).toEqual([])

  await people.send([group('ada', 'acme', 2)])
  expect(await people.profile('ada')).toMatchObject({ accounts: ['acme'], automaticAccount: null })
  const { members, memberCount } = await people.get('/accounts/acme.co.uk')
  expect([memberCount, members.map(({ id }: { id: string }) => id)]).toEqual([1, ['bob']])
  await people.send([login('bob', 'b', 3, { email: 'bob@globex.com' })])
  expect(await people.refusal('GET', '/accounts/acme.co.uk')).toMatchObject({ 0: 404 })
})

test('a domain is one account, however it is written and whoever hosts it', async () => {
  const people = await start()
  await people.send([
    login('ada', 'a', 1, { email: 'ada@Büro.de' }),
    login('bob', 'b', 1, { email: 'bob@mail.xn--bro-hoa.de' }),
    login('eve', 'e', 1, { email: ' Eve@BÜRO.DE ' }),
    login('cyd', 'c', 1, { email: 'cyd@one.github.io' }),
    login('dan', 'd', 1, { email: 'dan@two.github.io' }),
  ])
  expect(await people.get('/accounts')).toMatchObject({
    accounts: [
      { id: 'one.github.io', memberCount: 1 },
      { id: 'two.github.io', memberCount: 1 },
      { id: 'xn--bro-hoa.de', memberCount: 3 },
    ],
  })
  expect((await people.profile('eve')).emails).toEqual(['eve@büro.de'])
})

test('accounts are found by the beginning of their id or name, and paged by id', async () => {
  const people = await start()
  await people.send([
    group('ada', 'a1', 1, { name: 'Acme Rockets' }),
    group('bob', 'b2', 1),
    login('cyd', 'c', 1, { email: 'c@rocketry.org' }),
  ])
  const ids = async (query: string) =>
    (await people.get(`/accounts?${query}`)).accounts.map(({ id }: { id: string }) => id)
  expect(await ids('search=ROCK')).toEqual(['a1', 'rocketry.org'])
  expect(await ids('limit=2')).toEqual(['a1', 'b2'])
  expect(await ids('limit=2&after=b2')).toEqual(['rocketry.org'])
})
