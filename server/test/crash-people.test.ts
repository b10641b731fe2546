import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { peopleOf } from './people-under-test.ts'
import { seeded } from './seeded.ts'
import { client, startHere, startProcess, temporaryFolder, WRITE_KEY } from './server-under-test.ts'

const KILLS = 25
const LIFE_MAX_MS = 400
const PEOPLE = 40
const BEGIN = Date.parse('2026-11-20T00:00:00Z')

/** Calls of people on two devices each, who log in somewhere in between. */
function batchOf(n: number, random: ReturnType<typeof seeded>) {
  return Array.from({ length: 10 }, (_, place) => {
    const who = random.below(PEOPLE)
    const ids = { anonymousId: `d${who}-${random.below(2)}` }
    const messageId = `m${n}-${place}`
    const timestamp = new Date(BEGIN + (n * 10 + place) * 1000).toISOString()
    const what = random.below(5)
    if (what === 0)
      return {
        type: 'identify',
        userId: `u${who}`,
        ...ids,
        traits: { last: n, [`t${what}`]: place },
        messageId,
        timestamp,
      }
    if (what === 1) return { type: 'group', userId: `u${who}`, groupId: `g${who % 4}`, messageId, timestamp }
    return { type: 'track', ...ids, event: `E${what}`, messageId, timestamp }
  })
}

async function answers(server: ReturnType<typeof client>) {
  const people = peopleOf(server)
  await people.processed()
  const { profiles } = await people.get('/profiles?limit=1000')
  const counts = await people.get('/counts?from=2026-11-20&to=2026-11-21&people=true&limit=1000')
  const accounts = await people.get('/accounts')
  return {
    profiles: profiles.toSorted((a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)),
    counts: counts.counts,
    accounts: accounts.accounts,
  }
}

test(`after ${KILLS} kill -9 under load people are those of a server that was never killed`, async () => {
  const data = temporaryFolder()
  const random = seeded()
  const acknowledged: ReturnType<typeof batchOf>[] = []
  const waiting: ReturnType<typeof batchOf>[] = []
  let made = 0

  async function load(url: string): Promise<void> {
    for (;;) {
      const batch = waiting.shift() ?? batchOf(made++, random)
      try {
        const response = await client(url).post('/ingest/v1/batch', { writeKey: WRITE_KEY, batch }, {})
        if (response.status !== 200) throw new Error(`${response.status}`)
        acknowledged.push(batch)
      } catch {
        // The server went away, maybe after it stored them: sent again, as a client does.
        waiting.push(batch)
        return
      }
    }
  }

  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await startProcess({ AIRHOP_DATA: data })
    const running = Promise.all([load(server.url), load(server.url), load(server.url)])
    await sleep(random.random() * LIFE_MAX_MS)
    server.child.kill('SIGKILL')
    await server.ended
    await running
  }
  const killed = await startProcess({ AIRHOP_DATA: data })
  for (const batch of waiting) {
    await killed.post('/ingest/v1/batch', { batch })
    acknowledged.push(batch)
  }
  const found = await answers(killed)

  const untouched = await startHere()
  for (const batch of acknowledged.toReversed()) await untouched.post('/ingest/v1/batch', { batch })
  expect(found).toEqual(await answers(untouched))
  console.log(`${acknowledged.length * 10} events, ${found.profiles.length} people`)
  expect(found.profiles.length).toBeGreaterThanOrEqual(PEOPLE)
}, 240_000)

test('a worker that fails again and again leaves the people of one that never failed', async () => {
  const random = seeded()
  const failing = await startHere({ workerScript: new URL('./programs/crashing-worker.ts', import.meta.url) })
  const untouched = await startHere()
  for (let n = 0, restarts = 0; restarts < 4; n += 1) {
    const batch = batchOf(n, random)
    await failing.post('/ingest/v1/batch', { batch })
    await untouched.post('/ingest/v1/batch', { batch })
    restarts = (await failing.health()).worker.restarts
  }
  expect(await answers(failing)).toEqual(await answers(untouched))
}, 60_000)
