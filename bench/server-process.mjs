// A server to be measured, as a process of its own: `floor`, `durable` or `processed`, and the folder for its files.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { readSettings } from '../server/src/config.ts'
import { startServer } from '../server/src/server.ts'

/** Takes events into the log and has a worker that never takes them further. */
const IDLE_WORKER = new URL('../server/test/programs/idle-worker.ts', import.meta.url)

const [, , kind, folder, writeKey, adminToken] = process.argv
const server = kind === 'floor' ? await startFloor() : await startIngest()
process.send({ url: server.url })
process.on('message', async (message) => {
  if (message === 'usage') process.send({ cpuMs: cpuMs(), writtenBytes: writtenBytes() })
  if (message !== 'stop') return
  await server.close()
  process.exit(0)
})

// Nobody is left to stop it: the bench has failed.
process.on('disconnect', () => process.exit(1))

/** The least that is possible: HTTP and JSON.parse. */
async function startFloor() {
  const http = createServer(async (request, response) => {
    const parts = []
    for await (const part of request) parts.push(part)
    const json = JSON.parse(Buffer.concat(parts).toString())
    const received = json.batch?.length ?? 1
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ received, accepted: received, duplicates: 0, rejected: 0 }))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { url: `http://127.0.0.1:${http.address().port}`, close: () => http.close() }
}

async function startIngest() {
  const settings = await readSettings({
    AIRHOP_PORT: '0',
    AIRHOP_DATA: folder,
    AIRHOP_WRITE_KEY: writeKey,
    AIRHOP_ADMIN_TOKEN: adminToken,
  })
  return startServer(settings, kind === 'durable' ? { workerScript: IDLE_WORKER } : {})
}

/** Of all threads. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Handed to the block layer so far; null where the system does not say. */
function writtenBytes() {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))[1])
  } catch {
    return null // not a Linux
  }
}
