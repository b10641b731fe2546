import { parentPort, workerData } from 'node:worker_threads'
import { openSqliteLog } from './log/sqlite.ts'
import { keepRetention, type Retention } from './retention.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { runWorker } from './worker.ts'

/** What the thread is given; it reports `Position`s, and ends on any message. */
export interface WorkerThreadData {
  logFile: string
  storeFile: string
  partition: number
  retention: readonly Retention[]
}

const { logFile, storeFile, partition, retention } = workerData as WorkerThreadData
const stop = new AbortController()
parentPort!.once('message', () => stop.abort())

const store = openSqliteStore(storeFile)
const { signal } = stop
await Promise.all([
  runWorker({
    log: openSqliteLog({ file: logFile }),
    store,
    partition,
    signal,
    onProgress: (upTo) => parentPort!.postMessage(upTo),
  }),
  keepRetention({ store, retention, signal }),
])
await store.close()
parentPort!.close()
