import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { peopleOf } from './people-under-test.ts'
import { startHere, temporaryFolder } from './server-under-test.ts'

const program = (name: string) => new URL(`./programs/${name}.ts`, import.meta.url)
const QUESTIONS = [
  '/people',
  '/funnel?steps=A,B',
  '/counts?people=true',
  '/accounts/acme',
  '/events?type=group',
  '/accounts',
  '/profiles?search=ad',
  '/catalogue',
]

test('while people are counted, events are taken and answered, and what they were is told', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startHere({ data, readerScript: program('waiting-reader') }))
  await people.send([{ type: 'track', userId: 'ada', event: 'A' }])
  await people.send([{ type: 'group', userId: 'ada', groupId: 'acme' }])
  let counted = 0
  const counting = QUESTIONS.map(async (path) => {
    const answer = await people.get(path)
    counted += 1
    return answer
  })
  for (let n = 0; n < 20; n += 1) await people.send([{ type: 'track', userId: 'ada', event: 'B' }])
  expect((await people.profile('ada')).events).toBe(22)
  expect(counted).toBe(0)

  writeFileSync(join(data, 'go'), '')
  const [active, funnel, counts, acme, groups, accounts, found, catalogue] = await Promise.all(counting)
  expect(active.people).toBe(1)
  expect(funnel.steps).toMatchObject([{ people: 1 }, { people: 1 }])
  expect(counts.counts).toMatchObject([{ event: 'A' }, { event: 'B', events: 20, people: 1 }])
  expect(acme).toMatchObject({ memberCount: 1, events: 22 })
  expect(groups.events).toMatchObject([{ type: 'group', groupId: 'acme' }])
  expect(accounts.accounts).toMatchObject([{ id: 'acme', memberCount: 1 }])
  expect(found.profiles).toMatchObject([{ id: 'ada' }])
  expect(catalogue.names).toMatchObject([{ type: 'group' }, { name: 'A', events: 1 }, { name: 'B', events: 20 }])
})

test('a thread that fails at a question costs that answer, and the next question has another', async () => {
  const data = temporaryFolder()
  const people = peopleOf(await startHere({ data, readerScript: program('failing-reader') }))
  await people.send([{ type: 'track', userId: 'ada', event: 'A' }])
  for (const path of QUESTIONS) expect(await people.refusal('GET', path)).toMatchObject({ 0: 500, 1: 'internal_error' })
  writeFileSync(join(data, 'go'), '')
  expect((await people.get('/people')).people).toBe(1)
  expect(await people.refusal('GET', '/people?from=2026-02-30')).toMatchObject({ 0: 400 })
})

test('a server that is asked to stop while people are counted stops', async () => {
  const server = await startHere({ data: temporaryFolder(), readerScript: program('waiting-reader') })
  const people = peopleOf(server)
  const asked = people.get('/people').catch(() => 'gone')
  await people.health()
  await server.close()
  expect(await asked).toBe('gone')
}, 20_000)
