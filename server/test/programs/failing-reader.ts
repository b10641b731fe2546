// A reader thread that ends at its first question, until a file `go` lies beside the store.
import { existsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

if (existsSync(new URL('go', `file://${workerData.storeFile}`))) await import('../../src/reader-thread.ts')
else
  parentPort!.on('message', () => {
    throw new Error('the thread was made to fail')
  })
