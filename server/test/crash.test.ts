import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createLoad } from './load.ts'
import { seeded } from './seeded.ts'
import { startProcess, temporaryFolder } from './server-under-test.ts'

const KILLS = 50

/** From the first line of the server to its end: in it are answers, commits, checkpoints and chunks of the worker. */
const LIFE_MAX_MS = 400

test(`after ${KILLS} kill -9 under load every event that was answered 200 is stored once`, async () => {
  const data = temporaryFolder()
  const { random } = seeded()
  const load = createLoad({ eventsPerBatch: 10, connections: 6 })

  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await startProcess({ AIRHOP_DATA: data })
    const running = load.run(server.url)
    await sleep(random() * LIFE_MAX_MS)
    server.child.kill('SIGKILL')
    await server.ended
    await running
  }

  const server = await startProcess({ AIRHOP_DATA: data })
  const ids = (await server.stored()).map(({ messageId }) => messageId as string)
  server.child.kill('SIGTERM')
  await server.ended

  console.log(`${load.acknowledged.size} of ${load.made()} events acknowledged, ${ids.length} stored`)
  const stored = new Set(ids)
  expect(stored.size).toBe(ids.length)
  expect([...load.acknowledged].filter((id) => !stored.has(id))).toEqual([])
  expect(load.acknowledged.size).toBeGreaterThan(KILLS * 10)
  for (const file of ['log.db', 'events.db']) {
    const database = new DatabaseSync(join(data, file))
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    database.close()
  }
}, 180_000)
