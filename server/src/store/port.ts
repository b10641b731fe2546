import type { Position } from '../log/port.ts'
import type { Replayed, StoredEvent } from './changes.ts'
import type { PageQueries } from './page-port.ts'
import type { Queries } from './queries-port.ts'

/** Where processing ends. One transaction: events, what was rejected, ids and the position, or none of them. */
export interface Store {
  /** Up to where the log is processed; undefined before the first commit. */
  position(partition: number): Promise<Position | undefined>
  /**
   * Stores each event whose (workspace, messageId) was not stored in the last 30 days at least; the first one wins. The
   * entries, one at least, are asked for one after the other, and none is kept.
   */
  commit(partition: number, entries: Iterable<Replayed>): Promise<void>
  /** Stores events of a file, and (where the file has a name) how many of its lines are done; how many of the events were new. */
  importEvents(file: string | undefined, lines: number, events: readonly StoredEvent[]): Promise<number>
  /** How many lines of a file are done. */
  imported(file: string): Promise<number>
  /** Forgets what became of orders that nobody waits for any more. */
  tidy(): Promise<void>
  /** Removes what happened before a day, at most so many events of it, and people of whom nothing is left; how many events. */
  prune(workspace: string, beforeDay: number, limit: number): Promise<number>
  query: Queries & PageQueries
  close(): Promise<void>
}
