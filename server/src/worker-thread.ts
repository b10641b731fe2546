import { parentPort, workerData } from 'node:worker_threads'
import { openSqliteLog } from './log/sqlite.ts'
import { openSqliteStore } from './store/sqlite.ts'
import { runWorker } from './worker.ts'

/** What the thread is given; it reports `Position`s, and ends on any message. */
export interface WorkerThreadData {
  logFile: string
  storeFile: string
  partition: number
}

const { logFile, storeFile, partition } = workerData as WorkerThreadData
const stop = new AbortController()
parentPort!.once('message', () => stop.abort())

const store = openSqliteStore(storeFile)
await runWorker({
  log: openSqliteLog({ file: logFile }),
  store,
  partition,
  signal: stop.signal,
  onProgress: (upTo) => parentPort!.postMessage(upTo),
})
await store.close()
parentPort!.close()
