import type { Database } from '../sqlite.ts'
import { KINDS } from './changes.ts'
import { KIND } from './ownership.ts'
import type { PersonKey } from './queries-port.ts'

const ORDER = [KIND.user, KIND.anonymous, KIND.email]

/** Finds the subject that an id stands for: as a user id, else as an anonymous id, else as an e-mail address. */
export function createLookup(database: Database) {
  const find = database.prepare('SELECT id, kind, key, root FROM subjects WHERE workspace = ? AND kind = ? AND key = ?')
  return (workspace: number, { kind, id }: PersonKey) => {
    for (const number of kind === 'any' ? ORDER : [KINDS.indexOf(kind)]) {
      const found = find.get(workspace, number, number === KIND.email ? id.toLowerCase() : id)
      if (found) return found as unknown as { id: number; kind: number; key: string; root: number }
    }
    return undefined
  }
}

export type Lookup = ReturnType<typeof createLookup>
