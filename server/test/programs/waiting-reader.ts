// A reader thread that does nothing until a file `go` lies beside the store: a question that takes very long.
import { existsSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const sleeper = new Int32Array(new SharedArrayBuffer(4))
while (!existsSync(new URL('go', `file://${workerData.storeFile}`))) Atomics.wait(sleeper, 0, 0, 10)
await import('../../src/reader-thread.ts')
