import type { DatabaseSync } from 'node:sqlite'

/** Makes a store what it was before columns said anything that the JSON of its events, in stored order, does not. */
export function toWholeJson(database: DatabaseSync, events: readonly object[]): void {
  for (const column of ['received_after', 'original_after', 'sent_after', 'verified'])
    database.exec(`ALTER TABLE events DROP COLUMN ${column}`)
  const write = database.prepare('UPDATE events SET json = ? WHERE id = ?')
  for (const [place, event] of events.entries()) write.run(JSON.stringify(event), place + 1)
}
