import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { createLoad } from './load.ts'
import { startHere, startProcess, temporaryFolder, until } from './server-under-test.ts'

test('a stop under load loses nothing that was acknowledged', async () => {
  const data = temporaryFolder()
  const load = createLoad({ eventsPerBatch: 20, connections: 8 })
  const server = await startProcess({ AIRHOP_DATA: data })
  const running = load.run(server.url)
  await expect.poll(() => load.acknowledged.size).toBeGreaterThan(2000)
  server.child.kill('SIGTERM')
  expect(await server.ended).toBe(0)
  await running

  // All is in the store already: the worker had its time.
  const database = new DatabaseSync(join(data, 'events.db'), { readOnly: true })
  const ids = database
    .prepare(`SELECT json ->> 'messageId' AS id FROM events`)
    .all()
    .map(({ id }) => id as string)
  database.close()
  expect(new Set(ids).size).toBe(ids.length)
  expect([...load.acknowledged].filter((id) => !ids.includes(id))).toEqual([])
})

test('what is in flight when the stop begins is answered', async () => {
  const server = await startHere()
  const event = { type: 'track', userId: 'u', event: 'e' }
  const answers = Array.from({ length: 20 }, () => server.post('/ingest/v1/track', event))
  await Promise.race(answers)
  await server.close()
  const outcomes = await Promise.allSettled(answers)
  const statuses = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.status : 'not connected'))
  expect(statuses.filter((status) => status !== 200 && status !== 'not connected')).toEqual([])
  expect(statuses).toContain(200)
})

test('a signal that comes twice, as from npx, is one; a later one ends it at once', async () => {
  const parent = temporaryFolder()
  const twice = await startProcess({ TMPDIR: parent })
  twice.child.kill('SIGINT')
  twice.child.kill('SIGTERM')
  expect(await twice.ended).toBe(0)
  expect(readdirSync(parent)).toEqual([])

  const { child, ended, url } = await startProcess()
  const { hostname, port } = new URL(url)
  // In flight, and never whole: the stop waits for it.
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  socket.write('POST /ingest/v1/track HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n')
  await fetch(`${url}/health`)
  child.kill('SIGTERM')
  await until(async () => !(await fetch(`${url}/health`).catch(() => undefined)))
  await new Promise((resolve) => setTimeout(resolve, 600))
  child.kill('SIGTERM')
  expect(await ended).toBe(1)
})
