import type { Database } from '../sqlite.ts'

/** An id is known for one to two of these: for 30 days at least, which is longer than any client keeps an event. */
const GENERATION_MS = 30 * 86_400_000

/**
 * The ids of stored events, in two generations of 30 days by the time of arrival: when a new one begins, the oldest is
 * dropped whole, which costs nothing like the deletion of single rows. Works inside the transaction of its caller.
 */
export function createDedup(database: Database) {
  const tables = [0, 1].map((table) => ({
    insert: database.prepare(`INSERT INTO ids_${table} VALUES (?, ?, ?) ON CONFLICT DO NOTHING`),
    find: database.prepare(`SELECT event FROM ids_${table} WHERE workspace = ? AND message_id = ?`),
    any: database.prepare(`SELECT 1 FROM ids_${table} LIMIT 1`),
    // Without a WHERE it drops the pages without looking at the rows: https://sqlite.org/lang_delete.html#the_truncate_optimization
    clear: database.prepare(`DELETE FROM ids_${table}`),
  }))
  const generation = database.prepare('SELECT number, since FROM generation')
  const begin = database.prepare('UPDATE generation SET number = ?, since = ?')

  return {
    /** Brings the generations to the time of arrival of what comes now, and gives what knows and takes ids. Once a transaction. */
    at(receivedAtMs: number) {
      let { number, since } = generation.get() as { number: number; since: number | null }
      if (since === null) {
        begin.run(number, receivedAtMs)
      } else if (receivedAtMs - since >= GENERATION_MS) {
        number += 1
        tables[number % 2]!.clear.run()
        begin.run(number, receivedAtMs)
      }
      const current = tables[number % 2]!
      const previous = tables[(number + 1) % 2]!
      // Of the first generation there is none before, which saves a look for each event.
      const isAlone = previous.any.get() === undefined
      return {
        knows: (workspace: number, messageId: string): boolean =>
          (previous.find.get(workspace, messageId) ?? current.find.get(workspace, messageId)) !== undefined,
        /** Takes an id for an event; false if it was known. */
        claim: (workspace: number, messageId: string, event: number): boolean =>
          (isAlone || previous.find.get(workspace, messageId) === undefined) &&
          Number(current.insert.run(workspace, messageId, event).changes) === 1,
        /** The event that has an id. */
        holder: (workspace: number, messageId: string): number | undefined =>
          (current.find.get(workspace, messageId) ?? previous.find.get(workspace, messageId))?.event as
            | number
            | undefined,
      }
    },
  }
}
