import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Position } from './log/port.ts'
import { endThread } from './thread.ts'

/** A thread that ended is started again after this, doubling while it makes no progress. */
const RESTART_MIN_MS = 100
const RESTART_MAX_MS = 5000

/** How often a stop looks whether all is processed. */
const STOP_POLL_MS = 10

/** From source the thread is TypeScript too; built, it lies beside the main file. */
const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './worker-thread.ts' : './worker-thread.mjs', import.meta.url)

export interface ProcessingParts {
  /** Given to the thread. */
  data: unknown
  /** The thread's file; another one in tests. */
  script?: URL
  /** Position of the newest entry of the log. */
  newest(): Position
  /** Told up to where all is in the store. */
  onProgress(upTo: Position): void
}

export interface ProcessingStatus {
  state: 'running' | 'restarting' | 'stopped'
  /** Since the start of the process. */
  restarts: number
  /** Why it ended last; gone once it got on from there. */
  lastError?: string
}

/** Keeps the worker thread going: one that ends by an error is started again, and goes on where the store is. */
export function startProcessing({ data, script = SCRIPT, newest, onProgress }: ProcessingParts) {
  let state: ProcessingStatus['state'] = 'restarting'
  let lastError: string | undefined
  let restarts = 0
  let waitMs = RESTART_MIN_MS
  let processed: Position = 0
  let waiting: { upTo: Position; resolve(): void }[] = []
  let restart: NodeJS.Timeout | undefined
  let thread = start()

  function start(): Worker {
    const worker = new Worker(script, { workerData: data })
    let reason: string | undefined
    worker.on('message', (upTo: Position) => {
      // The last report of a thread that was told to end may come after that.
      if (state !== 'stopped') state = 'running'
      if (upTo > processed || upTo >= newest()) lastError = undefined
      // That nothing waits is no progress: it may fail at what it does besides.
      if (upTo > processed) waitMs = RESTART_MIN_MS
      processed = upTo
      onProgress(upTo)
      for (const { resolve } of waiting.filter((waiter) => waiter.upTo <= upTo)) resolve()
      waiting = waiting.filter((waiter) => waiter.upTo > upTo)
    })
    worker.on('error', (error: Error) => {
      reason = error.message
      process.stderr.write(`airhop-ingest: the worker thread failed and starts again: ${error.message}\n`)
    })
    worker.on('exit', (code) => {
      if (state === 'stopped') return
      lastError = reason ?? `the thread ended by itself with ${code}`
      state = 'restarting'
      restart = setTimeout(() => {
        restarts += 1
        thread = start()
      }, waitMs)
      waitMs = Math.min(waitMs * 2, RESTART_MAX_MS)
    })
    return worker
  }

  return {
    status: (): ProcessingStatus => ({ state, restarts, ...(lastError !== undefined && { lastError }) }),

    /** Resolves once all that is in the log now is in the store: true; false if that takes longer. */
    async caughtUp(withinMs: number): Promise<boolean> {
      const upTo = newest()
      if (processed >= upTo) return true
      const reached = new Promise<boolean>((resolve) => waiting.push({ upTo, resolve: () => resolve(true) }))
      return Promise.race([reached, sleep(withinMs, false, { ref: false })])
    },

    /** Lets it finish what is in the log for so long, then ends it. What is left over is processed at the next start. */
    async stop(withinMs: number): Promise<void> {
      const deadlineMs = performance.now() + withinMs
      while (processed < newest() && performance.now() < deadlineMs) await sleep(STOP_POLL_MS)
      state = 'stopped'
      clearTimeout(restart)
      await endThread(thread)
    },
  }
}

export type Processing = ReturnType<typeof startProcessing>
