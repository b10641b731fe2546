import type { Database } from '../sqlite.ts'
import { KINDS, type Order } from './changes.ts'
import { DAY_MS } from './days.ts'
import { createLookup } from './lookup.ts'
import { KIND } from './ownership.ts'
import type { People } from './people.ts'
import type { Outcome, PersonKey } from './queries-port.ts'

/** What became of an order is asked for at once; it names who was erased, so it does not stay. */
const OUTCOME_MS = 60_000

const DAY = 'CAST(floor(at / 86400000.0) AS INTEGER)'

interface Id {
  kind: number
  key: string
}

interface Subject extends Id {
  id: number
  root: number
}

/** What is held back, and is to go too. */
export interface Held {
  /** Lets go of what is of these ids, by the number of their kind; whose each event was. */
  forget(workspace: number, ids: readonly Id[]): readonly Id[]
  expireBefore(workspace: number, receivedAtMs: number): void
}

/** Takes things away: people, merges, what is too old. Works inside the transaction of its caller. */
export function createRemoval(database: Database, people: People, held: Held) {
  const lookup = createLookup(database)
  const ofRoot = database.prepare('SELECT id, kind, key, root FROM subjects WHERE root = ? ORDER BY id')
  const rootOf = database.prepare('SELECT root FROM subjects WHERE id = ?')
  const eventsOf = database.prepare('SELECT coalesce(sum(events), 0) AS events FROM subjects WHERE root = ?')

  const countsOf = database.prepare(`
    SELECT ${DAY} AS day, type, source, coalesce(event, '') AS event, count(*) AS events FROM events
    WHERE subject = ? GROUP BY 1, 2, 3, 4`)
  const uncount = database.prepare(
    'UPDATE counts SET events = events - ? WHERE workspace = ? AND day = ? AND type = ? AND source = ? AND event = ?',
  )
  const dropCount = database.prepare(
    'DELETE FROM counts WHERE workspace = ? AND day = ? AND type = ? AND source = ? AND event = ? AND events <= 0',
  )
  const notActive = database.prepare('DELETE FROM active WHERE workspace = ? AND day = ? AND subject = ?')
  const claimants = database.prepare('SELECT weaker FROM claims WHERE stronger = ?')
  const claimedByOthers = database.prepare('SELECT 1 FROM claims WHERE weaker = ?')
  const isNamed = database.prepare(`
    SELECT 1 FROM subjects s WHERE s.id = ?1
      AND (s.events > 0 OR EXISTS (SELECT 1 FROM claims WHERE weaker = ?1) OR EXISTS (SELECT 1 FROM claims WHERE stronger = ?1))`)
  const subjectBy = database.prepare('SELECT id, kind, key, root FROM subjects WHERE id = ?')
  const empty = database.prepare(`
    UPDATE subjects SET events = 0, first_at = NULL, last_at = NULL, verified = 0, domain = NULL, grouped = 0 WHERE id = ?`)
  // The catalogue shows values of events: it learns them anew. What it counts names nobody. The length is that of catalogue.ts.
  const forgetExamples = `
    UPDATE fields SET examples = '[]' WHERE name IN (
      SELECT names.id FROM names JOIN events ON events.workspace = names.workspace AND events.type = names.type
        AND substr(coalesce(events.event, events.json ->> '$.name', ''), 1, 200) = names.name
      WHERE events.subject = ?)`
  const removals = [
    forgetExamples,
    'DELETE FROM events WHERE subject = ?',
    'DELETE FROM traits WHERE subject = ?',
    'DELETE FROM claims WHERE stronger = ?',
  ].map((sql) => database.prepare(sql))
  const accountsOf = database.prepare('SELECT account FROM memberships WHERE subject = ?')
  const forgetMemberships = database.prepare('DELETE FROM memberships WHERE subject = ?')
  const isJoined = database.prepare('SELECT 1 FROM memberships WHERE account = ? LIMIT 1')
  const forgetSaid = database.prepare(`
    DELETE FROM account_traits WHERE account = ?1 AND message_id IN (
      SELECT json ->> '$.messageId' FROM events WHERE subject = ?2 AND type = 'group'
      UNION ALL SELECT printf('%015d', id) FROM events WHERE subject = ?2 AND type = 'group')`)
  const isDescribed = database.prepare('SELECT 1 FROM account_traits WHERE account = ? LIMIT 1')
  const forgetAccount = ['DELETE FROM account_words WHERE account = ?', 'DELETE FROM accounts WHERE id = ?'].map(
    (sql) => database.prepare(sql),
  )
  const forgetWords = database.prepare('DELETE FROM person_words WHERE root = ?')
  const forgetId = database.prepare('DELETE FROM subjects WHERE id = ?')
  const forgetSplits = database.prepare(`
    DELETE FROM splits WHERE workspace = ?1
      AND ((weaker_kind = ?2 AND weaker_key = ?3) OR (stronger_kind = ?2 AND stronger_key = ?3))`)
  const rejectedOf = database.prepare(`
    SELECT id, body FROM rejected
    WHERE (workspace = ?1 OR workspace IS NULL) AND id NOT IN (SELECT rejected FROM quarantined WHERE workspace = ?1)`)
  const dropRejected = database.prepare('DELETE FROM rejected WHERE id = ?')

  const claimsInside = database.prepare(`
    SELECT w.id AS weaker, w.kind AS weaker_kind, w.key AS weaker_key, t.id AS stronger, t.kind AS stronger_kind, t.key AS stronger_key
    FROM claims c JOIN subjects w ON w.id = c.weaker JOIN subjects t ON t.id = c.stronger
    WHERE c.weaker = ?1 OR c.stronger = ?1`)
  const split = database.prepare('INSERT INTO splits VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING')

  const oldCounts = database.prepare('SELECT DISTINCT event FROM counts WHERE workspace = ? AND day < ?')
  const oldEvents = database.prepare(`
    SELECT id, subject, ${DAY} AS day, type, source FROM events
    WHERE workspace = ? AND event IS ? AND at < ? ORDER BY at LIMIT ?`)
  const dropEvent = database.prepare('DELETE FROM events WHERE id = ?')
  const forgetOldExamples = database.prepare(`
    UPDATE fields SET examples = '[]' WHERE examples <> '[]' AND name IN (
      SELECT id FROM names WHERE workspace = ?1
        AND iif(?2 = '', type <> 'track', type = 'track' AND name = substr(?2, 1, 200)))`)
  const shrink = database.prepare(`
    UPDATE subjects SET events = events - ?1, first_at = (SELECT min(at) FROM events WHERE subject = ?2) WHERE id = ?2`)
  const notActiveBefore = database.prepare('DELETE FROM active WHERE workspace = ? AND day < ?')
  // What said no known workspace may be of any.
  const notRejectedBefore = database.prepare(
    'DELETE FROM rejected WHERE (workspace = ? OR workspace IS NULL) AND received_at < ?',
  )

  const report = database.prepare('INSERT INTO outcomes VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const forgetReports = database.prepare('DELETE FROM outcomes WHERE at < ?')

  /** Takes them out of their accounts. One that nobody else is in keeps what others said of it, and is gone if that is nothing. */
  function leaveAccounts(subjects: readonly Subject[]): void {
    const left = new Set(subjects.flatMap(({ id }) => accountsOf.all(id).map(({ account }) => account as number)))
    for (const { id } of subjects) forgetMemberships.run(id)
    for (const account of left) {
      if (isJoined.get(account)) continue
      for (const { id } of subjects) forgetSaid.run(account, id)
      if (!isDescribed.get(account)) for (const statement of forgetAccount) statement.run(account)
    }
  }

  function removeSubjects(workspace: number, subjects: readonly Subject[]): void {
    const removed = new Set(subjects.map(({ id }) => id))
    const left = new Set<number>()
    leaveAccounts(subjects)
    for (const { id } of subjects) {
      for (const { day, type, source, event, events } of countsOf.all(id) as Record<string, number | string>[]) {
        uncount.run(events!, workspace, day!, type!, source!, event!)
        dropCount.run(workspace, day!, type!, source!, event!)
        notActive.run(workspace, day!, id)
      }
      for (const { weaker } of claimants.all(id)) if (!removed.has(weaker as number)) left.add(weaker as number)
      for (const removal of removals) removal.run(id)
      forgetWords.run(id)
    }
    for (const subject of subjects) {
      if (claimedByOthers.get(subject.id)) {
        // Events that stay say it too, so it is theirs from now on, or stays split from them, as it is after a rebuild.
        empty.run(subject.id)
        left.add(subject.id)
      } else forgetSubject(workspace, subject)
    }
    for (const id of left) {
      // It was split off, and only what is gone now said it.
      if (isNamed.get(id)) continue
      forgetSubject(workspace, subjectBy.get(id) as unknown as Subject)
      left.delete(id)
    }
    people.settle(left)
  }

  function forgetSubject(workspace: number, { id, kind, key }: Subject): void {
    forgetWords.run(id)
    forgetId.run(id)
    forgetSplits.run(workspace, kind, key)
  }

  /**
   * What was rejected is any text, and may have come without a known key, so that what only looks like somebody's goes too;
   * but not the line about what is held back.
   */
  function forgetRejected(workspace: number, ids: readonly Id[]): void {
    for (const { id, body } of rejectedOf.all(workspace)) {
      if (ids.some((each) => says(body as string, each))) dropRejected.run(id!)
    }
  }

  function erase(workspace: number, id: string, kind: PersonKey['kind'] = 'any'): Outcome {
    const found = lookup(workspace, { kind, id })
    const subjects = found ? (ofRoot.all(found.root) as unknown as Subject[]) : []
    const ids = found ? subjects : idsFor(kind, id)
    const heldBack = held.forget(workspace, ids)
    const known = found ? ids : ids.filter((id) => heldBack.some(({ kind, key }) => kind === id.kind && key === id.key))
    if (known.length === 0) return { done: 'nothing', because: 'unknown', id }

    const stored = found ? (eventsOf.get(found.root)!.events as number) : 0
    removeSubjects(workspace, subjects)
    forgetRejected(workspace, known)
    const keysOf = (wanted: number) => known.flatMap(({ kind, key }) => (kind === wanted ? [key] : []))
    return {
      done: 'erased',
      id,
      userIds: keysOf(KIND.user),
      anonymousIds: keysOf(KIND.anonymous),
      emails: keysOf(KIND.email),
      events: stored + heldBack.length,
    }
  }

  function undo(workspace: number, id: string, ids: readonly string[]): Outcome {
    const found = lookup(workspace, { kind: 'any', id })
    if (!found) return { done: 'nothing', because: 'unknown', id }
    const subjects = ofRoot.all(found.root) as unknown as Subject[]
    const isMain = ({ id }: Subject) => id === found.root
    const wanted =
      ids.length > 0
        ? subjects.filter((subject) => !isMain(subject) && ids.includes(subject.key))
        : isMain(found)
          ? subjects.filter((subject) => !isMain(subject))
          : subjects.filter(({ key }) => key === found.key)
    if (wanted.length === 0) return { done: 'nothing', because: 'not_merged', id }
    const inside = new Set(subjects.map((subject) => subject.id))
    const touched = new Set<number>()
    for (const subject of wanted) {
      for (const row of claimsInside.all(subject.id) as Record<string, number | string>[]) {
        const { weaker, weaker_kind, weaker_key, stronger, stronger_kind, stronger_key } = row
        if (!inside.has(weaker as number) || !inside.has(stronger as number)) continue
        // What belongs to the id that is taken out goes with it, but for users: those are taken apart.
        if (weaker !== subject.id && weaker_kind !== KIND.user) continue
        split.run(workspace, weaker_kind!, weaker_key!, stronger_kind!, stronger_key!)
        touched.add(weaker as number).add(stronger as number)
      }
    }
    people.settle(touched)
    // Users whom only one of these had joined are apart as well.
    const gone = subjects.filter((subject) => {
      const root = rootOf.get(subject.id)!.root
      return root !== found.root && (root === subject.id || wanted.includes(subject))
    })
    return { done: 'split', id, separated: [...new Set(gone.map(({ key }) => key))] }
  }

  /** What is deleted is overwritten: https://sqlite.org/pragma.html#pragma_secure_delete */
  function overwriting<Result>(work: () => Result): Result {
    database.exec('PRAGMA secure_delete = ON')
    const result = work()
    database.exec('PRAGMA secure_delete = OFF')
    return result
  }

  return {
    /** Does what an administrator ordered, and notes what became of it. */
    carryOut(workspace: number, order: Order): void {
      const outcome = overwriting(() =>
        order.do === 'erase' ? erase(workspace, order.id, order.kind) : undo(workspace, order.id, order.ids),
      )
      report.run(order.orderId, Date.now(), JSON.stringify(outcome))
    },

    /** Forgets what became of orders that nobody waits for any more. */
    tidy(): void {
      overwriting(() => forgetReports.run(Date.now() - OUTCOME_MS))
    },

    prune(workspace: number, beforeDay: number, limit: number): number {
      const beforeMs = beforeDay * DAY_MS
      let left = limit
      const shrunk = new Map<number, number>()
      for (const { event } of oldCounts.all(workspace, beforeDay)) {
        const rows = oldEvents.all(workspace, event === '' ? null : event!, beforeMs, left)
        for (const { id, subject, day, type, source } of rows as Record<string, number | string>[]) {
          dropEvent.run(id!)
          uncount.run(1, workspace, day!, type!, source!, event!)
          dropCount.run(workspace, day!, type!, source!, event!)
          shrunk.set(subject as number, (shrunk.get(subject as number) ?? 0) + 1)
        }
        if (rows.length > 0) forgetOldExamples.run(workspace, event!)
        left -= rows.length
        if (left <= 0) break
      }
      const roots = new Set<number>()
      for (const [subject, events] of shrunk) {
        shrink.run(events, subject)
        const root = rootOf.get(subject)?.root as number | undefined
        if (root !== undefined) roots.add(root)
      }
      for (const root of roots) {
        if (eventsOf.get(root)!.events === 0) removeSubjects(workspace, ofRoot.all(root) as unknown as Subject[])
      }
      if (left > 0) {
        notActiveBefore.run(workspace, beforeDay)
        notRejectedBefore.run(workspace, beforeMs)
        held.expireBefore(workspace, beforeMs)
      }
      return limit - left
    },
  }
}

/** The ids that a word may be, of somebody who is not known. */
const idsFor = (kind: PersonKey['kind'], id: string): Id[] =>
  KINDS.flatMap((each, number) =>
    kind === 'any' || kind === each ? [{ kind: number, key: each === 'email' ? id.toLowerCase() : id }] : [],
  )

/** Whether a text of JSON, maybe cut, has an id as a value. */
function says(text: string, { kind, key }: Id): boolean {
  const quoted = JSON.stringify(key)
  if (kind === KIND.email) return text.toLowerCase().includes(quoted)
  return text.includes(quoted) || (/^\d+$/.test(key) && new RegExp(`[:[,]\\s*${key}(?![\\d.])`).test(text))
}
