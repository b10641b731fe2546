import type { Database } from '../sqlite.ts'

/** As `KINDS`: the stronger one is the smaller number. */
export const KIND = { user: 0, anonymous: 1, email: 2 } as const

/** One event's word that an id belongs to a stronger one. */
export interface Claim {
  weaker: number
  stronger: number
  verified: number
  late: number
  at: number
  messageId: string
}

/** An id that belongs to another root than before. */
export interface Move {
  id: number
  from: number
  to: number
}

/** Claims that count: those that were not undone. */
const STANDING = `NOT EXISTS (
  SELECT 1 FROM splits s WHERE s.workspace = w.workspace AND s.weaker_kind = w.kind AND s.weaker_key = w.key
    AND s.stronger_kind = t.kind AND s.stronger_key = t.key)`

const CLAIMS = 'claims c JOIN subjects w ON w.id = c.weaker JOIN subjects t ON t.id = c.stronger'

/**
 * Whose an id is. The rule looks at all claims there are and at nothing else, so the order in which they came does not
 * matter:
 *
 * - an anonymous id belongs to one user: the first that claimed it. A verified claim comes before any other, and one
 *   that says a time long before its arrival after all others;
 * - an e-mail address likewise, to a user before an anonymous id;
 * - users are one person only where a verified alias says so; then it is called by the id that is nobody's previous one.
 *
 * Works inside the transaction of its caller.
 */
export function createOwnership(database: Database) {
  const upsert = database.prepare(`
    INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
      verified = excluded.verified, late = excluded.late, at = excluded.at, message_id = excluded.message_id
    WHERE (-excluded.verified, excluded.late, excluded.at, excluded.message_id) < (-verified, late, at, message_id)`)
  const best = database.prepare(`
    SELECT c.stronger AS id FROM ${CLAIMS} WHERE c.weaker = ? AND ${STANDING}
    ORDER BY t.kind, -c.verified, c.late, c.at, c.message_id, t.key LIMIT 1`)
  const aliases = database.prepare(`
    SELECT c.weaker, c.stronger, c.at, c.message_id, t.key FROM ${CLAIMS}
    WHERE (c.weaker = ? OR c.stronger = ?) AND w.kind = ${KIND.user} AND ${STANDING}`)
  const dependents = database.prepare(`
    SELECT c.weaker AS id FROM claims c JOIN subjects w ON w.id = c.weaker
    WHERE c.stronger = ? AND w.kind <> ${KIND.user}`)
  const find = database.prepare('SELECT kind, root FROM subjects WHERE id = ?')
  const move = database.prepare('UPDATE subjects SET root = ? WHERE id = ?')

  /** The users that verified aliases join with this one, and which of them names the person. */
  function usersOf(user: number): { users: Set<number>; main: number } {
    const users = new Set([user])
    const joins: { weaker: number; stronger: number; at: number; message_id: string; key: string }[] = []
    for (const id of users) {
      for (const join of aliases.all(id, id) as unknown as typeof joins) {
        joins.push(join)
        users.add(join.weaker).add(join.stronger)
      }
    }
    const previous = new Set(joins.map(({ weaker }) => weaker))
    const named = joins.some(({ stronger }) => !previous.has(stronger))
    const newest = joins
      .filter(({ stronger }) => !named || !previous.has(stronger))
      .sort((a, b) => b.at - a.at || (a.message_id < b.message_id ? 1 : -1) || (a.key < b.key ? -1 : 1))[0]
    return { users, main: newest?.stronger ?? user }
  }

  function settle(id: number, moved: Move[]): void {
    const { kind } = find.get(id) as { kind: number }
    if (kind === KIND.user) {
      const { users, main } = usersOf(id)
      for (const user of users) put(user, main, moved)
      return
    }
    const owner = best.get(id)?.id as number | undefined
    put(id, owner === undefined ? id : (find.get(owner)!.root as number), moved)
  }

  function put(id: number, to: number, moved: Move[]): void {
    const from = find.get(id)!.root as number
    if (from === to) return
    move.run(to, id)
    moved.push({ id, from, to })
    for (const dependent of dependents.all(id)) settle(dependent.id as number, moved)
  }

  return {
    /** Keeps a claim; whether it says something new. */
    claim: ({ weaker, stronger, verified, late, at, messageId }: Claim): boolean =>
      Number(upsert.run(weaker, stronger, verified, late, at, messageId).changes) > 0,

    /** Gives each id, and what depends on it, to whom it belongs now. */
    settle(ids: Iterable<number>): Move[] {
      const moved: Move[] = []
      for (const id of ids) settle(id, moved)
      return moved
    },
  }
}
