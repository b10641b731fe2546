// A server whose worker never gets on, and whose log is full after 4 MiB.
import { startServer } from '../../src/server.ts'
import { ADMIN_TOKEN, WRITE_KEY } from '../keys.ts'

const server = await startServer(
  {
    port: 0,
    host: '127.0.0.1',
    data: ':memory:',
    workspaces: undefined,
    writeKey: WRITE_KEY,
    adminToken: ADMIN_TOKEN,
    warnings: [],
  },
  {
    logLimits: { maxBytes: 4 * 1024 * 1024 },
    workerScript: new URL('./idle-worker.ts', import.meta.url),
  },
)
console.log(`airhop-ingest listening on ${server.url}`)
