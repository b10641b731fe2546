import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startProcess, temporaryFolder, until } from './server-under-test.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('a disk that takes no more writes is answered 503, nothing acknowledged is lost, and it recovers by itself', async () => {
  const data = temporaryFolder()
  // No file may grow over 1 MiB: SQLite's writes fail, as on a full disk.
  const command = ['bash', '-c', `ulimit -S -f 1024; exec '${process.execPath}' '${MAIN}'`]
  const server = await startProcess({ AIRHOP_DATA: data }, command)
  const acknowledged: string[] = []
  let made = 0
  const send = async () => {
    const messageId = `m${String(made++).padStart(6, '0')}`
    // Nothing that gets shorter when it is packed.
    const properties = { text: randomBytes(15_000).toString('base64') }
    const response = await server.post('/ingest/v1/track', { userId: 'u', event: 'e', messageId, properties })
    if (response.status === 200) acknowledged.push(messageId)
    return response
  }

  const openFiles = () => readdirSync(`/proc/${server.child.pid}/fd`).length
  const openBefore = openFiles()

  let failed = await send()
  while (failed.status === 200) failed = await send()
  expect(failed.status).toBe(503)
  expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await failed.json()).toMatchObject({ error: { code: 'unavailable' } })
  const { status, lastError } = await server.health()
  expect(status).toBe('degraded')
  expect(lastError).toBeDefined()

  // What the WAL held still fits into the file itself, so it recovers a few times; then it fails for good.
  for (let failingSinceMs = Date.now(); Date.now() < failingSinceMs + 3000; ) {
    if ((await send()).status === 200) failingSinceMs = Date.now()
  }
  expect(openFiles()).toBeLessThan(openBefore + 10)

  execFileSync('prlimit', ['--pid', String(server.child.pid), '--fsize=unlimited'])
  await until(async () => (await send()).status === 200)
  await until(async () => (await server.health()).status === 'ok')

  const ids = (await server.stored()).map(({ messageId }) => messageId as string)
  expect(new Set(ids).size).toBe(ids.length)
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
}, 60_000)
