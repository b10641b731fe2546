import { parentPort, workerData } from 'node:worker_threads'
import { listNames } from './catalogue-warnings.ts'
import type { Answer, Question, Questions, ReaderThreadData } from './reader.ts'
import { openForQueries } from './store/sqlite.ts'
import { END } from './thread.ts'

const { storeFile } = workerData as ReaderThreadData
const { reader, query } = openForQueries(storeFile)
const questions: Questions = {
  ...query,
  catalogue: (workspace, nowMs) => listNames(query.catalogue(workspace), query.fields(workspace), nowMs),
}

parentPort!.on('message', (asked: Question | typeof END) => {
  if (asked !== END) return parentPort!.postMessage(answerTo(asked))
  reader.close()
  parentPort!.close()
})

function answerTo({ id, name, args }: Question): Answer {
  try {
    // What a question is asked with is for the type of the asking side.
    return { id, found: (questions[name] as (...args: unknown[]) => ReturnType<Questions[typeof name]>)(...args) }
  } catch (error) {
    return { id, failed: error as Error }
  }
}
