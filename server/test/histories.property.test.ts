import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { CanonicalEvent } from '../src/canonical.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import { toStoredEvent } from '../src/stored-event.ts'
import { peopleOf } from './people-under-test.ts'
import { startHere, temporaryFolder } from './server-under-test.ts'

const BEGIN = Date.parse('2026-11-19T00:00:00Z')
const PEOPLE = ['ada', 'bob', 'cyd']
const DEVICES = ['phone', 'laptop', 'kiosk']

type Call = Record<string, unknown> & { messageId: string }

/** The places of some calls, each once at least, in an order in which a network might bring them, cut into requests. */
const arrival = (calls: number) =>
  fc
    .tuple(
      fc.array(fc.nat(), { minLength: calls, maxLength: calls }),
      fc.array(fc.nat(Math.max(0, calls - 1)), { maxLength: calls }),
      fc.integer({ min: 1, max: 8 }),
    )
    .map(([ranks, repeats, size]) => {
      const places = ranks.map((rank, place) => ({ rank, place })).sort((a, b) => a.rank - b.rank)
      const all = places.map(({ place }) => place)
      if (calls > 0) for (const [at, place] of repeats.entries()) all.splice((at * 7919) % (all.length + 1), 0, place)
      return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))
    })

const person = fc.constantFrom(...PEOPLE)
const device = fc.constantFrom(...DEVICES)
const traits = fc.dictionary(
  fc.constantFrom('plan', 'name', 'email'),
  fc.constantFrom('x', 'y', 'ada@acme.com', null),
  { maxKeys: 2 },
)

const deed = fc.oneof(
  fc.record({ do: fc.constant('act' as const), device }),
  fc.record({ do: fc.constant('log in' as const), device, person, traits }),
  fc.record({ do: fc.constant('log out' as const), device }),
  fc.record({ do: fc.constant('act on the server' as const), person }),
)

/** What an SDK sends of a history in which everybody logs out, and whose each of the calls is. */
function play(deeds: readonly (typeof deed extends fc.Arbitrary<infer Deed> ? Deed : never)[], prefix: string) {
  const sessions = new Map<string, { anonymousId: string; userId: string | null; ids: string[] }>()
  const owned = new Map<string, string[]>()
  const calls: Call[] = []
  let made = 0
  const sessionOn = (device: string) => {
    let session = sessions.get(device)
    if (!session) {
      session = { anonymousId: `${prefix}${device}-${made}`, userId: null, ids: [] }
      sessions.set(device, session)
    }
    return session
  }
  for (const each of deeds) {
    const messageId = `${prefix}${String(made).padStart(4, '0')}`
    const timestamp = new Date(BEGIN + made * 61_000).toISOString()
    made += 1
    if (each.do === 'act on the server') {
      const userId = prefix + each.person
      calls.push({ type: 'track', userId, event: 'Billed', messageId, timestamp })
      owned.set(userId, [...(owned.get(userId) ?? []), messageId])
      continue
    }
    if (each.do === 'log out') {
      sessions.delete(each.device)
      continue
    }
    if (each.do === 'log in' && ![null, prefix + each.person].includes(sessionOn(each.device).userId)) {
      sessions.delete(each.device)
    }
    const session = sessionOn(each.device)
    const { anonymousId } = session
    if (each.do === 'log in') session.userId = prefix + each.person
    const { userId } = session
    session.ids.push(messageId)
    calls.push(
      each.do === 'log in'
        ? { type: 'identify', userId, anonymousId, traits: each.traits, messageId, timestamp }
        : { type: 'track', anonymousId, event: 'Acted', messageId, timestamp, ...(userId !== null && { userId }) },
    )
    const owner = userId ?? anonymousId
    if (userId !== null) {
      owned.set(userId, [...new Set([...(owned.get(userId) ?? []), ...session.ids])])
      owned.delete(anonymousId)
    } else {
      owned.set(owner, session.ids)
    }
  }
  return { calls, owned }
}

test('people who log out get their own history, in order, whatever the order of arrival and however often it comes', async () => {
  const people = peopleOf(await startHere())
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(deed, { maxLength: 25 }).chain((deeds) => fc.tuple(fc.constant(deeds), arrival(deeds.length))),
      async ([deeds, requests]) => {
        run += 1
        const { calls, owned } = play(deeds, `r${run}-`)
        for (const places of requests) {
          const batch = places.flatMap((place) => calls[place] ?? [])
          if (batch.length > 0) await people.post('/ingest/v1/batch', { batch })
        }
        await people.processed()
        for (const [id, messageIds] of owned) {
          const { events } = await people.get(`/profiles/${id}/events?limit=1000`)
          expect(events.map((event: Call) => event.messageId)).toEqual(messageIds.toSorted())
          expect((await people.profile(id)).events).toBe(messageIds.length)
        }
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

const EMAILS = ['ada@acme.com', 'bob@globex.com']
const ANONYMOUS = ['p', 'q', 'ada']

/** Everything that may happen, also what must not: shared browsers, contested ids, aliases in circles, forged times. */
const anyEvent = fc.record({
  kind: fc.constantFrom('track', 'identify', 'identify', 'alias', 'group', 'page'),
  userId: fc.option(person),
  anonymousId: fc.option(fc.constantFrom(...ANONYMOUS)),
  email: fc.option(fc.constantFrom(...EMAILS)),
  previousId: fc.constantFrom(...PEOPLE, ...ANONYMOUS),
  groupId: fc.option(fc.constantFrom('acme', 'globex')),
  traits: fc.dictionary(
    fc.constantFrom('plan', 'name', 'email', '__proto__'),
    fc.constantFrom('x', 7, null, 'c@initech.com'),
    { maxKeys: 3 },
  ),
  traitsOnce: fc.option(fc.dictionary(fc.constantFrom('plan', 'first'), fc.constantFrom('s', 't'), { maxKeys: 2 })),
  contextTraits: fc.option(
    fc.dictionary(fc.constantFrom('plan', 'name', 'city'), fc.constantFrom('k', 'l', null), { maxKeys: 2 }),
  ),
  verified: fc.boolean(),
  minutes: fc.constantFrom(0, 0, 1, 30 * 24 * 60),
})

function toCanonical(events: readonly (typeof anyEvent extends fc.Arbitrary<infer Each> ? Each : never)[]) {
  return events
    .filter(({ userId, anonymousId, email }) => userId ?? anonymousId ?? email)
    .map(({ kind, minutes, traitsOnce, contextTraits, groupId, ...each }, place) => ({
      type: kind,
      messageId: `m${place}`,
      source: 'http',
      userId: each.userId,
      anonymousId: each.anonymousId,
      email: each.email,
      ...(kind === 'alias' && { previousId: each.previousId }),
      ...(kind === 'group' && { groupId: groupId ?? 'acme', traits: each.traits }),
      ...(kind === 'identify' && { traits: each.traits }),
      ...(kind === 'track' && { event: 'E' }),
      ...(traitsOnce && { traitsOnce }),
      context: { ...(contextTraits && { traits: contextTraits }), ...(groupId !== null && { groupId }) },
      originalTimestamp: null,
      sentAt: null,
      // Never two at the same time: the order of those is that of their arrival.
      timestamp: new Date(BEGIN + place - minutes * 60_000).toISOString(),
      receivedAt: new Date(BEGIN + 1000).toISOString(),
      verified: each.verified,
    })) as unknown as (CanonicalEvent & { messageId: string })[]
}

test('whatever happens, people, timelines, accounts and counts are the same in any order of arrival', async () => {
  const store = openSqliteStore(join(temporaryFolder(), 'events.db'))
  onTestFinished(() => store.close())
  let position = 0
  let run = 0

  async function put(workspace: string, chunks: readonly (readonly CanonicalEvent[])[]) {
    for (const chunk of chunks) {
      const events = chunk.map((event) => toStoredEvent(event, { workspace, receivedAtMs: BEGIN, idGenerated: false }))
      position += 1
      await store.commit(0, [{ position, changes: { events, rejected: [], quarantined: [], losses: [] } }])
    }
    const { query } = store
    const range = { fromDay: 0, toDay: 30_000 }
    const members = { after: undefined, limit: 100, order: 'asc' as const }
    // A listing is in the order in which ids were first seen.
    const sorted = (items: readonly object[] = []) => items.map((item) => JSON.stringify(item)).toSorted()
    return {
      people: [...PEOPLE, ...ANONYMOUS, ...EMAILS].flatMap((id) =>
        (['user', 'anonymous', 'email'] as const).map((kind) => ({
          profile: query.profile(workspace, { kind, id }),
          timeline: query.timeline(workspace, { kind, id }, { after: undefined, limit: 100, order: 'asc' })?.items,
        })),
      ),
      all: sorted(query.profiles(workspace, undefined, members).items),
      found: ['ini', 'ada', 'x'].map((search) => sorted(query.profiles(workspace, search, members).items)),
      accounts: query.accounts(workspace, undefined, { after: undefined, limit: 100 }),
      members: ['acme', 'globex', 'initech.com', 'acme.com'].map((id) => {
        const account = query.account(workspace, id, members, range)
        return { ...account, members: sorted(account?.members.items) }
      }),
      counts: query.counts(workspace, 'event', 'day', { ...range, people: true }),
      active: query.people(workspace, range),
    }
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { maxLength: 14 }).chain((events) => fc.tuple(fc.constant(events), arrival(events.length))),
      async ([made, requests]) => {
        run += 1
        const events = toCanonical(made)
        const shuffled = requests.map((places) => places.flatMap((place) => events[place] ?? []))
        const inOrder = await put(`ordered-${run}`, [events])
        expect(await put(`shuffled-${run}`, shuffled)).toEqual(inOrder)
      },
    ),
    { numRuns: Number(process.env.RUNS ?? 300) },
  )
}, 120_000)
