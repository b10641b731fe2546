// A worker thread that never processes anything: a store that is far too slow.
import { parentPort } from 'node:worker_threads'

parentPort!.once('message', () => parentPort!.close())
