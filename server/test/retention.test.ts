import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { peopleOf } from './people-under-test.ts'
import {
  client,
  failToStart,
  startHere,
  startProcess,
  startWith,
  temporaryFolder,
  until,
  WRITE_KEY,
} from './server-under-test.ts'

const DAY_MS = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString()
const day = (days: number) => ago(days).slice(0, 10)

const TOKEN = 'token-of-the-shop-1'

function configOf(workspace: object): string {
  const file = join(temporaryFolder(), 'config.json')
  writeFileSync(
    file,
    JSON.stringify({
      workspaces: [{ name: 'shop', writeKeys: [WRITE_KEY], adminTokens: [TOKEN], ...workspace }],
    }),
  )
  return file
}

const STORY = [
  {
    type: 'identify',
    userId: 'gone',
    anonymousId: 'g',
    traits: { email: 'gone@old.example' },
    timestamp: ago(40),
    messageId: 'a',
  },
  { type: 'track', anonymousId: 'g', event: 'Visited', timestamp: ago(41), messageId: 'b' },
  { type: 'track', userId: 'here', event: 'Visited', timestamp: ago(45), messageId: 'c' },
  { type: 'page', userId: 'here', timestamp: ago(31), messageId: 'd' },
  { type: 'track', userId: 'here', event: 'Visited', timestamp: ago(29), messageId: 'e' },
  { type: 'track', userId: 'here', event: 'Paid', timestamp: ago(1), messageId: 'f' },
]

test('what happened before the days that a workspace keeps is removed, and people of whom nothing is left', async () => {
  const data = temporaryFolder()
  const first = await startProcess({ AIRHOP_DATA: data, AIRHOP_CONFIG: configOf({}) })
  await peopleOf(client(first.url, TOKEN)).send([
    ...STORY,
    ...Array.from({ length: 2400 }, (_, n) => ({
      type: 'track',
      userId: `old-${n % 7}`,
      event: `E${n % 3}`,
      timestamp: ago(50),
      messageId: `o${n}`,
    })),
  ])
  expect(await client(first.url, TOKEN).stored()).toHaveLength(2406)
  first.child.kill('SIGTERM')
  await first.ended

  const second = await startProcess({ AIRHOP_DATA: data, AIRHOP_CONFIG: configOf({ retentionDays: 30 }) })
  const people = peopleOf(client(second.url, TOKEN))
  await until(async () => (await people.stored()).length === 2)
  expect((await people.stored()).map(({ messageId }) => messageId)).toEqual(['e', 'f'])
  expect(await people.profile('here')).toMatchObject({
    events: 2,
    firstSeen: STORY[4]!.timestamp,
    lastSeen: STORY[5]!.timestamp,
  })
  expect((await people.get('/profiles')).profiles.map(({ id }: { id: string }) => id)).toEqual(['here'])
  for (const id of ['gone', 'g', 'old-3'])
    expect(await people.refusal('GET', `/profiles/${id}`)).toMatchObject({ 0: 404 })
  expect((await people.get('/accounts')).accounts).toEqual([])
  expect((await people.get(`/counts?from=${day(60)}`)).counts).toEqual([
    { day: day(29), event: 'Visited', events: 1 },
    { day: day(1), event: 'Paid', events: 1 },
  ])
  expect((await people.get(`/people?from=${day(60)}`)).days).toHaveLength(2)
}, 60_000)

test('a split holds when all that it took out is too old, and the catalogue shows no values of what is gone', async () => {
  const data = temporaryFolder()
  const login = (messageId: string, days: number, traits = {}) => ({
    type: 'identify',
    userId: 'ada',
    anonymousId: 'a',
    traits,
    timestamp: ago(days),
    messageId,
  })
  const visit = (messageId: string, days: number, page: string) => ({
    type: 'track',
    anonymousId: 'a',
    event: 'Visited',
    properties: { page },
    timestamp: ago(days),
    messageId,
  })
  const first = peopleOf(await startHere({ data }))
  await first.send([visit('v1', 40, 'secret'), login('i1', 39, { name: 'Zebulon' }), login('i2', 1)])
  expect((await first.call('POST', '/profiles/a/split')).status).toBe(200)
  const { names } = await first.get('/catalogue')
  expect(JSON.stringify(await first.get('/catalogue/name?type=track&name=Visited'))).toContain('secret')
  expect(names).toHaveLength(2)
  await first.close()

  const people = peopleOf(await startWith({ retentionDays: 30 }, { data }))
  await until(async () => (await people.stored()).length === 1)
  for (const name of ['type=track&name=Visited', 'type=identify&name=']) {
    expect(JSON.stringify(await people.get(`/catalogue/name?${name}`))).not.toMatch(/secret|Zebulon/)
  }
  await people.send([login('i3', 0), visit('v2', 0, 'public')])
  expect(await people.profile('a')).toMatchObject({ userId: null, events: 1 })
  expect((await people.profile('ada')).anonymousIds).toEqual([])
}, 60_000)

test('what is in quarantine stays as many days as a workspace keeps, whoever else of its person goes', async () => {
  const data = temporaryFolder()
  const contract = { mode: 'quarantine', rules: [{ type: 'track', event: 'Paid', schema: { required: ['amount'] } }] }
  const paid = (messageId: string) => ({ type: 'track', userId: 'ada', event: 'Paid', messageId })
  const visited = { type: 'track', userId: 'ada', event: 'Visited', messageId: 'stored' }
  for (const [days, calls] of [
    [20, [paid('old'), visited]],
    [1, [paid('new')]],
  ] as const) {
    const server = await startWith({ contract }, { data, now: () => Date.now() - days * DAY_MS })
    await server.post('/ingest/v1/batch', { batch: calls })
    await server.processed()
    await server.close()
  }
  const people = peopleOf(await startWith({ contract, retentionDays: 7 }, { data }))
  await until(async () => (await people.stored()).length === 0)
  const { quarantined, ...counts } = await people.get('/quarantine')
  expect(quarantined).toMatchObject([{ event: { messageId: 'new' } }])
  expect(counts).toMatchObject({ held: 1, expired: 1 })
}, 60_000)

test('a retention that is no number of days is a mistake of the configuration', async () => {
  const { code, said } = await failToStart({ AIRHOP_CONFIG: configOf({ retentionDays: 0 }) })
  expect(code).toBe(1)
  expect(said).toContain('`workspaces[0].retentionDays` must be >= 1.')
})
