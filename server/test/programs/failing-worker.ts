// A worker thread that finds nothing to do and fails, at once and each time.
import { parentPort } from 'node:worker_threads'

parentPort!.postMessage(0)
setTimeout(() => {
  throw new Error('the thread was made to fail')
}, 1)
