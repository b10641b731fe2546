import { parentPort, workerData } from 'node:worker_threads'
import type { Answer, Question, ReaderThreadData } from './reader.ts'
import type { Queries } from './store/queries-port.ts'
import { openForQueries } from './store/sqlite.ts'
import { END } from './thread.ts'

const { storeFile } = workerData as ReaderThreadData
const { reader, query } = openForQueries(storeFile)

parentPort!.on('message', (asked: Question | typeof END) => {
  if (asked !== END) return parentPort!.postMessage(answerTo(asked))
  reader.close()
  parentPort!.close()
})

function answerTo({ id, name, args }: Question): Answer {
  try {
    // What a question is asked with is for the type of the asking side.
    return { id, found: (query[name] as (...args: unknown[]) => ReturnType<Queries[typeof name]>)(...args) }
  } catch (error) {
    return { id, failed: error as Error }
  }
}
