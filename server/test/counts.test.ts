import { expect, test } from 'vitest'
import { peopleOf } from './people-under-test.ts'
import { startHere } from './server-under-test.ts'

let made = 0
const did = (userId: string, event: string, time: string, more: object = {}) => {
  made += 1
  return { type: 'track', userId, event, timestamp: `2026-11-${time}`, messageId: `c${made}`, ...more }
}

const start = async () => peopleOf(await startHere())

test('counts events by name and day, with how many different people it were', async () => {
  const people = await start()
  await people.send([
    did('ada', 'Paid', '01T23:59:59.999Z'),
    did('ada', 'Paid', '02T00:00:00Z'),
    did('ada', 'Paid', '02T10:00:00Z'),
    did('bob', 'Paid', '02T11:00:00Z'),
    did('bob', 'Invited', '02T11:00:00Z'),
    { type: 'page', userId: 'bob', timestamp: '2026-11-02T12:00:00Z' },
  ])
  const range = 'from=2026-11-01&to=2026-11-02'
  expect(await people.get(`/counts?by=event&every=day&people=true&${range}`)).toEqual({
    counts: [
      { day: '2026-11-01', event: 'Paid', events: 1, people: 1 },
      { day: '2026-11-02', event: 'Invited', events: 1, people: 1 },
      { day: '2026-11-02', event: 'Paid', events: 3, people: 2 },
    ],
    next: null,
    cursor: '2026-11-02.Paid',
  })
  const counts = async (query: string) => (await people.get(`/counts?${range}&${query}`)).counts
  expect(await counts('every=all&event=Paid&people=true')).toEqual([{ event: 'Paid', events: 4, people: 2 }])
  expect(await counts('every=all&by=type')).toEqual([
    { type: 'page', events: 1 },
    { type: 'track', events: 5 },
  ])
  expect(await counts('every=all&by=source')).toEqual([{ source: 'http', events: 6 }])
  expect(await counts('limit=1&after=2026-11-01.Paid')).toEqual([{ day: '2026-11-02', event: 'Invited', events: 1 }])
  expect((await people.get('/counts?from=2026-11-02&to=2026-11-02')).counts).toHaveLength(2)
})

test('what is counted, and who is erased, between two pages of counts repeats nothing and leaves nothing out', async () => {
  const people = await start()
  const range = 'from=2026-11-01&to=2026-11-02&limit=2'
  for (const every of ['day', 'all']) {
    await people.send([
      did('ada', 'A.a', '01T10:00:00Z'),
      ...['B', 'C', 'D ü'].map((event) => did('bob', event, '01T10:00:00Z')),
      did('bob', 'B', '02T10:00:00Z'),
    ])
    const seen: string[] = []
    for (let after = ''; ; ) {
      const { counts, next } = await people.get(`/counts?every=${every}&${range}${after}`)
      seen.push(...counts.map(({ day = '', event }: { day?: string; event: string }) => `${day} ${event}`.trim()))
      if (next === null) break
      after = `&after=${encodeURIComponent(next)}`
      if (seen.length > 2) continue
      if (every === 'day') await people.send([did('eve', 'AA', '01T10:00:00Z')])
      else expect((await people.call('DELETE', '/profiles/ada')).status).toBe(200)
    }
    const names =
      every === 'day' ? ['A.a', 'B', 'C', 'D ü'].map((name) => `2026-11-01 ${name}`) : ['A.a', 'AA', 'B', 'C', 'D ü']
    expect(seen).toEqual(every === 'day' ? [...names, '2026-11-02 B'] : names)
  }
  const bad = '`after` must be a `next` or `cursor` of an earlier answer; it is "2".'
  expect(await people.refusal('GET', '/counts?after=2')).toEqual([400, 'invalid_parameter', bad])
})

test('counts different people: a device that belongs to a user is that user', async () => {
  const people = await start()
  await people.send([
    { ...did('', 'Visited', '01T10:00:00Z'), anonymousId: 'phone' },
    { ...did('', 'Visited', '01T11:00:00Z'), anonymousId: 'laptop' },
    { ...did('', 'Visited', '01T12:00:00Z'), anonymousId: 'stranger' },
    did('ada', 'Paid', '02T10:00:00Z', { anonymousId: 'phone' }),
    did('ada', 'Paid', '02T10:00:00Z', { anonymousId: 'laptop' }),
  ])
  const range = 'from=2026-11-01&to=2026-11-02'
  expect(await people.get(`/people?${range}`)).toEqual({
    from: '2026-11-01',
    to: '2026-11-02',
    people: 2,
    days: [
      { day: '2026-11-01', people: 2 },
      { day: '2026-11-02', people: 1 },
    ],
  })
  expect((await people.get(`/people?${range}&event=Paid`)).people).toBe(1)
})

const RANGE = 'from=2026-11-01&to=2026-11-30'

test('a funnel counts who did the steps in their order and in time, by the best attempt', async () => {
  const people = await start()
  await people.send([
    did('all', 'A', '01T00:00:00Z'),
    did('all', 'B', '02T00:00:00Z'),
    did('all', 'C', '03T00:00:00Z'),
    did('late', 'A', '01T00:00:00Z'),
    did('late', 'B', '09T00:00:00Z'),
    did('second', 'A', '01T00:00:00Z'),
    did('second', 'A', '08T00:00:00Z'),
    did('second', 'B', '09T00:00:00Z'),
    did('wrong-order', 'B', '01T00:00:00Z'),
    did('wrong-order', 'A', '02T00:00:00Z'),
    did('no-start', 'B', '01T00:00:00Z'),
    did('no-start', 'C', '02T00:00:00Z'),
    { ...did('', 'A', '10T00:00:00Z'), anonymousId: 'before-login' },
    did('joined', 'B', '11T00:00:00Z', { anonymousId: 'before-login' }),
  ])
  const counts = async (query: string) =>
    (await people.get(`/funnel?${RANGE}&${query}`)).steps.map((step: { people: number }) => step.people)
  expect(await counts('steps=A,B,C&within=7d')).toEqual([5, 3, 1])
  expect(await counts('steps=A,B,C&within=1d')).toEqual([5, 3, 0])
  expect(await counts('steps=A,B&within=4w')).toEqual([5, 4])
  expect(await counts('steps=A,A&within=7d')).toEqual([5, 1])
  expect(await counts('steps=["A","C"]')).toEqual([5, 1])
  expect((await people.get(`/funnel?steps=A,B,C&within=7d&${RANGE}`)).steps[1]).toEqual({
    event: 'B',
    people: 3,
    share: 0.6,
    occurred: true,
  })
})

test('a step that never occurred says so; one that nobody came to does not', async () => {
  const people = await start()
  await people.send([did('ada', 'B', '01T00:00:00Z'), did('ada', 'A', '02T00:00:00Z')])
  expect(await people.get(`/funnel?steps=A,B,Ç&${RANGE}`)).toEqual({
    from: '2026-11-01',
    to: '2026-11-30',
    within: '7d',
    steps: [
      { event: 'A', people: 1, share: 1, occurred: true },
      { event: 'B', people: 0, share: 0, occurred: true },
      {
        event: 'Ç',
        people: 0,
        share: 0,
        occurred: false,
        note: 'No event `Ç` was stored from 2026-11-01 to 2026-11-30.',
      },
    ],
  })
})

const BAD: [path: string, sentence: RegExp][] = [
  ['/counts?by=user', /`by` must be `event` or `type` or `source`; it is "user"\./],
  ['/counts?every=hour', /`every` must be/],
  ['/counts?by=type&people=true', /`people` is there only with `by=event`\./],
  ['/counts?from=2026-02-30', /`from` must be a day like `2026-11-21`; it is "2026-02-30"\./],
  ['/counts?from=2026-11-02&to=2026-11-01', /`from` must not be after `to` \(2026-11-01\); it is 2026-11-02\./],
  ['/people?day=1', /`day` is not known here: from, to, event are\./],
  ['/funnel', /`steps` must be 2 to 10 names of events, .*; it is absent\./],
  ['/funnel?steps=A', /`steps` must be 2 to 10/],
  ['/funnel?steps=A,,B', /`steps` must be 2 to 10/],
  ['/funnel?steps=[1,2]', /`steps` must be 2 to 10/],
  ['/funnel?steps=A,B&within=7', /`within` must be like `30m`, `12h`, `7d` or `4w`; it is "7"\./],
  ['/profiles?search=a', /`search` must have 2 to 512 characters; it has 1\./],
  ['/profiles/a/events?after=5', /`after` must be a `next` or `cursor` of an earlier answer; it is "5"\./],
  ['/export?format=csv', /`format` must be `ndjson`; it is "csv"\./],
  ['/export?userId=', /`userId` must be an id; leave it out to export all\./],
  ['/export?userId=a&email=b', /`email` cannot stand beside `userId`\./],
]

test('names the parameter that is wrong', async () => {
  const people = await start()
  for (const [path, sentence] of BAD) {
    expect(await people.refusal('GET', path), path).toEqual([400, 'invalid_parameter', expect.stringMatching(sentence)])
  }
})
