import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { createAdmission } from '../src/admission.ts'
import { refusalOf, sendRefusal } from '../src/answers.ts'
import { startHere, startProcess } from './server-under-test.ts'

const STALLED = fileURLToPath(new URL('./programs/stalled-server.ts', import.meta.url))

const batchOf = (bytes: number, count = 1) => ({
  batch: Array.from({ length: count }, () => ({
    type: 'track',
    userId: 'u',
    event: 'e',
    // Nothing that gets shorter when it is packed.
    properties: { text: randomBytes(bytes * 0.75).toString('base64') },
  })),
})

const residentMiB = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

test('a server whose worker lags refuses with Retry-After, and its memory stays flat', async () => {
  const server = await startProcess({}, [process.execPath, STALLED])
  const send = async () => {
    const response = await server.post('/ingest/v1/batch', batchOf(1000, 100))
    const body = await response.text()
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body }
  }
  const many = (count: number) => Promise.all(Array.from({ length: count }, send))

  const statuses: number[] = []
  while (!statuses.includes(429)) statuses.push((await send()).status)
  expect(statuses.slice(0, -1).every((status) => status === 200)).toBe(true)
  expect(statuses.length).toBeGreaterThan(35)

  // Node's heap finds its size first; after that 300 MB of refused requests may leave nothing behind.
  for (let round = 0; round < 10; round += 1) await many(100)
  const before = residentMiB(server.child.pid!)
  for (let round = 0; round < 30; round += 1) {
    for (const { status, retryAfter, body } of await many(100)) {
      expect(status).toBe(429)
      expect(Number(retryAfter)).toBeGreaterThan(0)
      expect(JSON.parse(body).error.code).toBe('rate_limited')
    }
  }
  expect(residentMiB(server.child.pid!) - before).toBeLessThan(64)
  const { lag } = await server.health()
  expect(lag.bytes).toBeLessThan(4 * 1024 * 1024)
}, 60_000)

test('health says so while events are refused because too much waits', async () => {
  const workerScript = new URL('./programs/idle-worker.ts', import.meta.url)
  const server = await startHere({ logLimits: { maxBytes: 300_000 }, workerScript })
  const send = async () => (await server.post('/ingest/v1/batch', batchOf(1000, 100))).status
  expect(await send()).toBe(200)
  expect((await server.health()).status).toBe('ok')
  while ((await send()) === 200);
  const { status, lastError, lag } = await server.health()
  expect([status, lastError]).toEqual(['degraded', `${lag.bytes} bytes wait to be processed.`])
})

test('takes events again when the worker has got on', async () => {
  const server = await startHere({ logLimits: { maxBytes: 300_000 } })
  const accepted: number[] = []
  const send = async () => {
    const response = await server.post('/ingest/v1/batch', batchOf(1000, 100))
    if (response.status === 200) accepted.push(1)
    return response.status
  }
  const burst = await Promise.all(Array.from({ length: 12 }, send))
  expect(new Set(burst)).toEqual(new Set([200, 429]))
  await server.processed()
  expect((await server.health()).status).toBe('ok')
  expect(await send()).toBe(200)
  expect(await server.stored()).toHaveLength(accepted.length * 100)
})

test('refuses to read more at once than its memory is meant for', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  app.addHook('onRequest', createAdmission(100))
  app.setErrorHandler((error, request, reply) => sendRefusal(reply, refusalOf(error, request)))
  let answer = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  let waiting = 0
  app.post('/', async () => {
    waiting += 1
    await answered
    return 'taken'
  })
  const url = await app.listen({ port: 0 })
  const post = () => fetch(url, { method: 'POST', body: 'x'.repeat(60), headers: { 'content-type': 'text/plain' } })

  const first = post()
  await expect.poll(() => waiting).toBe(1)
  const second = await post()
  expect(second.status).toBe(429)
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
  answer()
  expect((await first).status).toBe(200)
  await expect.poll(async () => (await post()).status).toBe(200)
})

test('a request without a body takes none of that memory', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  app.addHook('onRequest', createAdmission(100))
  app.setErrorHandler((error, request, reply) => sendRefusal(reply, refusalOf(error, request)))
  const answers: (() => void)[] = []
  app.delete('/', () => new Promise((resolve) => answers.push(() => resolve('done'))))
  app.post('/', async () => 'taken')
  const url = await app.listen({ port: 0 })

  const removals = [1, 2, 3].map(() => fetch(url, { method: 'DELETE' }))
  await expect.poll(() => answers.length).toBe(3)
  const post = await fetch(url, { method: 'POST', body: 'x'.repeat(60), headers: { 'content-type': 'text/plain' } })
  expect(post.status).toBe(200)
  for (const answer of answers) answer()
  expect((await Promise.all(removals)).map(({ status }) => status)).toEqual([200, 200, 200])
})

test('what strangers send is recorded up to a hundred times a minute, and the rest is counted', async () => {
  let nowMs = Date.parse('2026-01-01')
  const server = await startHere({ now: () => nowMs })
  const knock = (count: number) =>
    Promise.all(Array.from({ length: count }, () => server.post('/ingest/v1/track', { userId: 'u', event: 'e' }, {})))
  await knock(130)
  await expect.poll(async () => (await server.rejected()).length).toBe(100)
  expect((await server.health()).refusalsNotRecorded).toBe(30)
  nowMs += 60_000
  await knock(1)
  await expect.poll(async () => (await server.rejected()).length).toBe(101)
})
