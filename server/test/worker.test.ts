import { expect, test } from 'vitest'
import { createLoad } from './load.ts'
import { startHere, until } from './server-under-test.ts'

test('a worker that fails again and again loses nothing, and health says so', async () => {
  const server = await startHere({ workerScript: new URL('./programs/crashing-worker.ts', import.meta.url) })
  const load = createLoad({ eventsPerBatch: 50, connections: 4 })
  const seen = new Set<string>()
  let restarts = 0
  await load.run(server.url, () => load.made() >= 5000)
  await until(async () => {
    const { status, worker, lastError } = await server.health()
    restarts = worker.restarts
    if (lastError !== undefined) {
      seen.add(lastError)
      expect(status).toBe('degraded')
    }
    return restarts >= 3 && seen.size > 0
  })
  const ids = (await server.stored()).map(({ messageId }) => messageId as string)
  expect(seen).toEqual(new Set(['the thread was made to fail']))
  expect(ids.sort()).toEqual([...load.acknowledged].sort())
})

test('a worker that fails with nothing to do is started again less and less often', async () => {
  const server = await startHere({ workerScript: new URL('./programs/failing-worker.ts', import.meta.url) })
  const startedMs = performance.now()
  await until(async () => (await server.health()).worker.restarts >= 5)
  // 100, 200, 400, 800 and 1,600 ms.
  expect(performance.now() - startedMs).toBeGreaterThan(3000)
}, 60_000)
