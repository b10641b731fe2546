import { expect, test } from 'vitest'
import { peopleOf } from './people-under-test.ts'
import { runCommand, startHere, temporaryFolder } from './server-under-test.ts'

/** Everything a page may send, anybody may send: the write key is public. These try to do harm with it. */
const HOUR = 3_600_000
const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()

const victim = (extra: object = {}) => ({
  type: 'identify',
  userId: 'victim',
  anonymousId: 'victims-browser',
  traits: { email: 'victim@acme.com', plan: 'enterprise' },
  timestamp: ago(2),
  messageId: 'victim-1',
  ...extra,
})
const before = {
  type: 'track',
  anonymousId: 'victims-browser',
  event: 'Visited',
  timestamp: ago(3),
  messageId: 'victim-0',
}
const mallory = {
  type: 'identify',
  userId: 'mallory',
  anonymousId: 'mallorys-browser',
  timestamp: ago(1),
  messageId: 'mallory-1',
}

async function withVictim() {
  const people = peopleOf(await startHere())
  await people.send([before, victim(), mallory])
  return { people, victim: await people.profile('victim'), mallory: await people.profile('mallory') }
}

test('an alias by the public key does not merge two users, whichever comes first', async () => {
  const { people, ...known } = await withVictim()
  await people.send([
    { type: 'alias', userId: 'mallory', previousId: 'victim', timestamp: ago(0), messageId: 'x1' },
    { type: 'alias', userId: 'victim', previousId: 'mallory', timestamp: ago(0), messageId: 'x2' },
    { type: 'alias', userId: 'mallory', previousId: 'later', timestamp: ago(0), messageId: 'x3' },
  ])
  await people.send([{ type: 'identify', userId: 'later', traits: { plan: 'x' }, messageId: 'later' }])
  expect(await people.profile('victim')).toMatchObject({ ...known.victim, lastSeen: expect.any(String), events: 3 })
  expect(await people.profile('mallory')).toMatchObject({ ...known.mallory, lastSeen: expect.any(String), events: 3 })
  expect(await people.profile('later')).toMatchObject({ userIds: ['later'], events: 1 })
})

test('an identify with the browser of another user does not merge the users, nor take the browser over', async () => {
  const { people, ...known } = await withVictim()
  await people.send([{ ...mallory, anonymousId: 'victims-browser', timestamp: ago(0), messageId: 'x' }])
  expect(await people.profile('victim')).toEqual(known.victim)
  expect(await people.profile('victims-browser')).toEqual(known.victim)
  expect((await people.profile('mallory')).anonymousIds).toEqual(['mallorys-browser'])
})

test('an older timestamp does not take a browser over', async () => {
  const { people, ...known } = await withVictim()
  for (const [n, timestamp] of ['1970-01-02T00:00:00Z', ago(24 * 30)].entries()) {
    await people.send([{ ...mallory, anonymousId: 'victims-browser', timestamp, messageId: `x${n}` }])
  }
  expect(await people.profile('victim')).toEqual(known.victim)
  expect(await people.profile('victims-browser')).toEqual(known.victim)
})

test('an older timestamp does not overwrite traits, and a verified login is not taken over by any', async () => {
  const data = temporaryFolder()
  const lines = [before, victim()].map((line) => `${JSON.stringify(line)}\n`).join('')
  await runCommand(['import', '-'], { AIRHOP_DATA: data }, Buffer.from(lines))
  const people = peopleOf(await startHere({ data }))
  const known = await people.profile('victim')
  expect(known.verified).toBe(true)
  await people.send([
    victim({ traits: { email: 'mallory@evil.example', plan: null }, timestamp: ago(5), messageId: 'x1' }),
    { ...mallory, anonymousId: 'victims-browser', timestamp: ago(4), messageId: 'x2' },
  ])
  expect(await people.profile('victim')).toEqual({ ...known, firstSeen: expect.any(String), events: 3 })
  expect((await people.profile('victims-browser')).userId).toBe('victim')
})

test('an e-mail address as a trait takes over nobody who has it', async () => {
  const { people, ...known } = await withVictim()
  await people.send([{ ...mallory, traits: { email: 'victim@acme.com' }, timestamp: ago(0), messageId: 'x' }])
  expect(await people.profile('victim')).toEqual(known.victim)
  expect(await people.profile('mallory')).toMatchObject({ userIds: ['mallory'], anonymousIds: ['mallorys-browser'] })
})

/** A canonical event as a connector makes it, by way of an import. */
const canonical = (fields: object) => ({
  source: 'hogsend',
  userId: null,
  anonymousId: null,
  context: {},
  originalTimestamp: null,
  sentAt: null,
  receivedAt: ago(0),
  verified: true,
  ...fields,
})

const contact = canonical({
  type: 'identify',
  email: 'victim@acme.com',
  traits: { plan: 'enterprise' },
  timestamp: ago(9),
  messageId: 'hogsend:1',
})

async function afterImport(lines: object[]) {
  const data = temporaryFolder()
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  expect((await runCommand(['import', '-'], { AIRHOP_DATA: data }, Buffer.from(text))).code).toBe(0)
  return peopleOf(await startHere({ data }))
}

test('a contact known by its e-mail address is joined to a user by a verified event, and its past comes along', async () => {
  const join = canonical({
    type: 'identify',
    userId: 'u1',
    email: 'victim@acme.com',
    traits: { plan: 'pro' },
    timestamp: ago(1),
    messageId: 'hogsend:2',
  })
  for (const lines of [
    [contact, join],
    [join, contact],
  ]) {
    const people = await afterImport(lines)
    expect(await people.profile('victim@acme.com')).toMatchObject({
      userId: 'u1',
      emails: ['victim@acme.com'],
      traits: { plan: 'pro' },
      accounts: ['acme.com'],
      events: 2,
    })
    await people.close()
  }
})

test('a contact known by its e-mail address is not taken over by an event that nothing vouches for', async () => {
  const attack = canonical({
    type: 'track',
    event: 'Cancelled',
    userId: 'mallory',
    email: 'victim@acme.com',
    verified: false,
    source: 'churnkey',
    timestamp: ago(1),
    messageId: 'churnkey:1',
  })
  const people = await afterImport([attack, contact])
  expect(await people.profile('victim@acme.com')).toMatchObject({
    userId: null,
    traits: { plan: 'enterprise' },
    events: 1,
  })
  expect(await people.profile('mallory')).toMatchObject({ emails: [], traits: {}, events: 1 })
  await people.send([{ ...mallory, traits: { email: 'victim@acme.com' }, messageId: 'x' }])
  expect(await people.profile('victim@acme.com')).toMatchObject({ userId: null, events: 1 })
})
