import { openForReading, openForWriting, transaction } from '../sqlite.ts'
import type { StoredEvent } from './changes.ts'
import { eventJson, KEPT } from './event-json.ts'
import { createPeople } from './people.ts'
import { migrate } from './schema.ts'

/** Events of one commit: what was done is not done again after an end in between. */
const SLICE_EVENTS = 5000

/** All that is made from events. Not among them: orders of administrators (`splits`), ids, what was rejected. */
const DERIVED = [
  'subjects',
  'claims',
  'traits',
  'accounts',
  'account_traits',
  'memberships',
  'person_words',
  'account_words',
  'counts',
  'active',
]

export interface Rebuild {
  /** Reads a canonical event. */
  read(workspace: string, json: string): StoredEvent
  /** Told after each commit. */
  onProgress(done: number, total: number): void
}

/** Whether people, accounts and counts of a store are still to be made from its events, as after the first start of a new version. */
export function needsRebuild(file: string): boolean {
  migrate(file)
  const database = openForReading(file)
  const unfinished = database.prepare('SELECT 1 FROM rebuilding').get() !== undefined
  database.close()
  return unfinished
}

/** Makes people, accounts and counts from the events, all of them anew or (`anew` false) what an earlier one left over. */
export function rebuild(file: string, { read, onProgress }: Rebuild, anew: boolean): void {
  migrate(file)
  openForWriting(file, (database) => {
    if (anew) {
      transaction(database, () => {
        for (const table of DERIVED) database.exec(`DELETE FROM ${table}`)
        database.exec('DELETE FROM rebuilding; INSERT INTO rebuilding VALUES (0)')
      })
    }
    const people = createPeople(database)
    const next = database.prepare(`
      SELECT events.id, events.workspace, w.name, ${KEPT} FROM events JOIN workspaces w ON w.id = events.workspace
      WHERE events.id > ? ORDER BY events.id LIMIT ${SLICE_EVENTS}`)
    const place = database.prepare('UPDATE events SET at = ?, subject = ? WHERE id = ?')
    const advance = database.prepare('UPDATE rebuilding SET up_to = ?')
    const total = database.prepare('SELECT coalesce(max(id), 0) AS last FROM events').get()!.last as number

    for (;;) {
      const from = database.prepare('SELECT up_to FROM rebuilding').get()?.up_to as number | undefined
      if (from === undefined) break
      const upTo = transaction(database, () => {
        const rows = next.all(from) as { id: number; workspace: number; name: string }[]
        for (const row of rows) {
          const { id, workspace, name } = row
          const event = read(name, eventJson(row))
          place.run(event.atMs, people.add(workspace, event, id), id)
        }
        people.flush()
        const last = rows.at(-1)?.id
        if (last === undefined) database.exec('DELETE FROM rebuilding')
        else advance.run(last)
        return last
      })
      onProgress(upTo ?? total, total)
    }
    return database
  }).close()
}
