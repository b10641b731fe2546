import { Worker } from 'node:worker_threads'
import type { ListedName } from './catalogue-warnings.ts'
import type { Queries } from './store/queries-port.ts'
import { endThread } from './thread.ts'

/** The questions that may look at a great part of the store: tens of milliseconds and more at a million events. */
const SLOW = [
  'counts',
  'people',
  'funnel',
  'occurred',
  'account',
  'accounts',
  'profiles',
  'events',
  'catalogue',
] as const
export type Slow = (typeof SLOW)[number]

/** What the thread answers. */
export interface Questions extends Pick<Queries, Exclude<Slow, 'catalogue'>> {
  /** All names with what is wrong with them: a thousand with a hundred properties each take seconds. */
  catalogue(workspace: string, nowMs: number): readonly ListedName[]
}

/** The same questions, answered by and by. */
export type SlowQueries = {
  [Name in Slow]: (...args: Parameters<Questions[Name]>) => Promise<ReturnType<Questions[Name]>>
}

/** What the thread is given, and what it is sent, until `END`, and sends. */
export interface ReaderThreadData {
  storeFile: string
}
export interface Question {
  id: number
  name: Slow
  args: unknown[]
}
export type Answer = { id: number; found: unknown } | { id: number; failed: Error }

/** From source the thread is TypeScript too; built, it lies beside the main file. */
const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './reader-thread.ts' : './reader-thread.mjs', import.meta.url)

export interface ReaderParts {
  data: ReaderThreadData
  /** The thread's file; another one in tests. */
  script?: URL | undefined
}

/**
 * Asks a thread of its own what would keep the one that takes events from answering. The thread is started with the
 * first question; one that ends by an error fails the questions that it had, and the next one starts another.
 */
export function createReader({ data, script = SCRIPT }: ReaderParts) {
  let thread: Worker | undefined
  let asked = 0
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()

  function start(): Worker {
    const worker = new Worker(script, { workerData: data })
    const end = (reason: Error) => {
      if (thread !== worker) return
      thread = undefined
      for (const { reject } of waiting.values()) reject(reason)
      waiting.clear()
    }
    worker.on('message', (answer: Answer) => {
      const asker = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('failed' in answer) asker?.reject(answer.failed)
      else asker?.resolve(answer.found)
    })
    worker.on('error', end)
    worker.on('exit', () => end(new Error('the thread that reads was ended')))
    return worker
  }

  function ask(name: Slow, args: unknown[]): Promise<unknown> {
    thread ??= start()
    asked += 1
    const answer = Promise.withResolvers<unknown>()
    waiting.set(asked, answer)
    thread.postMessage({ id: asked, name, args } satisfies Question)
    return answer.promise
  }

  const asking = (name: Slow) => [name, (...args: unknown[]) => ask(name, args)] as const
  return {
    queries: Object.fromEntries(SLOW.map(asking)) as unknown as SlowQueries,

    async close(): Promise<void> {
      if (thread) await endThread(thread)
    },
  }
}
