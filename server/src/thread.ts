import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'

/** How long the end of a thread is waited for when it was told to end, before it is ended from outside. */
const END_MS = 5000

/** What a thread is told to end by itself, with its files closed. */
export const END = 'end'

/** Tells it to end, and waits until it has. One that does not listen is ended where it is. */
export async function endThread(thread: Worker): Promise<void> {
  const ended = new Promise((resolve) => thread.once('exit', resolve))
  // It has ended already.
  if (thread.threadId === -1) return
  thread.postMessage(END)
  await Promise.race([ended, sleep(END_MS, undefined, { ref: false })])
  await thread.terminate()
}
