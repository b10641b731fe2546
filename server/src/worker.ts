import type { Log, Position } from './log/port.ts'
import { replay } from './replay.ts'
import type { Replayed } from './store/changes.ts'
import type { Store } from './store/port.ts'

/** A commit is made early when its events are this long: a few bytes in the log can be many in the store. */
const COMMIT_CHARS = 32 * 1024 * 1024

export interface WorkerParts {
  log: Pick<Log, 'consume'>
  store: Pick<Store, 'position' | 'commit'>
  partition: number
  /** Ends the work after the commit under way. */
  signal: AbortSignal
  /** Told at the start and after each commit up to where all is processed. */
  onProgress(upTo: Position): void
}

/**
 * Takes the log to the store, from where the store says it is. Rejects when either of them fails; nothing is lost or
 * stored twice by starting it again, since the store keeps events and position in one transaction.
 */
export async function runWorker({ log, store, partition, signal, onProgress }: WorkerParts): Promise<void> {
  const start = await store.position(partition)
  onProgress(start ?? 0)

  await log.consume(
    partition,
    start,
    async ({ entries }) => {
      let next = 0
      /** What one commit takes. Each entry is replayed when its turn comes: so its events are let go of while they are young. */
      function* replayed(): Generator<Replayed, void, undefined> {
        for (let chars = 0; next < entries.length && chars < COMMIT_CHARS; ) {
          const { position, entry } = entries[next]!
          const changes = replay(partition, position, entry)
          next += 1
          chars += changes.events.reduce((sum, { json }) => sum + json.length, 0)
          chars += changes.quarantined.reduce((sum, { event }) => sum + event.json.length, 0)
          yield { position, changes }
          // What came before it is stored before it is carried out, what comes after it after.
          if (changes.order) return
        }
      }
      while (next < entries.length) {
        await store.commit(partition, replayed())
        onProgress(entries[next - 1]!.position)
      }
    },
    signal,
  )
}
