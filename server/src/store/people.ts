import type { Database, Statement } from '../sqlite.ts'
import { KINDS, type StoredEvent } from './changes.ts'
import { dayOf } from './days.ts'
import { type Claim, createOwnership, KIND } from './ownership.ts'
import { createSearchTerms, PERSON_KEYS } from './search-terms.ts'
import { tallyOf } from './tallies.ts'
import { compareText, LEVEL, type Level, type TraitRow } from './traits.ts'

/** What is remembered of ids between chunks, to ask the file less; forgotten whole when it is this much. */
const REMEMBERED_MAX = 100_000

interface Subject {
  id: number
  /** The newest day that is known to be noted for it. */
  day: number | undefined
  /** What of it is not written yet. */
  seen: Seen | undefined
  /** The claim on it that was looked at last: mostly it is the same again. */
  claim: Claim | undefined
}

interface Seen {
  events: number
  firstAt: number
  lastAt: number
  verified: number
}

/** How many events there are of a kind. */
interface Tally extends Pick<StoredEvent, 'type' | 'source'> {
  workspace: number
  events: number
}

interface Trait extends Omit<TraitRow, 'level'> {
  subject: number
  level: Level
}

/**
 * Makes people, accounts and counts of stored events. All of it is merged in ways that give the same whatever the order
 * of the events, where these say when they happened; that none counts twice is for the caller, who gives each stored
 * event once. Works inside the transaction of its caller: `add` each event, then `flush` once. What is remembered is
 * wrong after a failed transaction.
 */
export function createPeople(database: Database) {
  const ownership = createOwnership(database)
  const findSubject = database.prepare('SELECT id FROM subjects WHERE workspace = ? AND kind = ? AND key = ?')
  const newSubject = database.prepare('INSERT INTO subjects (workspace, kind, key, root) VALUES (?, ?, ?, 0)')
  const rootItself = database.prepare('UPDATE subjects SET root = id WHERE id = ?')
  const seenAgain = database.prepare(`
    UPDATE subjects SET events = events + ?, first_at = min(coalesce(first_at, ?2), ?2),
      last_at = max(coalesce(last_at, ?3), ?3), verified = max(verified, ?4) WHERE id = ?5`)
  const noteDay = database.prepare('INSERT INTO active VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const count = database.prepare(`
    INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET events = events + excluded.events`)
  const newest = database.prepare(`
    INSERT INTO traits VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      value = excluded.value, late = excluded.late, at = excluded.at, message_id = excluded.message_id
    WHERE (excluded.at, excluded.message_id) > (at, message_id)`)
  const oldest = database.prepare(`
    INSERT INTO traits VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      value = excluded.value, late = excluded.late, at = excluded.at, message_id = excluded.message_id
    WHERE (excluded.late, excluded.at, excluded.message_id) < (late, at, message_id)`)
  const findAccount = database.prepare('SELECT id FROM accounts WHERE workspace = ? AND key = ?')
  const newAccount = database.prepare('INSERT INTO accounts (workspace, key) VALUES (?, ?)')
  const accountTrait = database.prepare(`
    INSERT INTO account_traits VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      value = excluded.value, at = excluded.at, message_id = excluded.message_id
    WHERE (excluded.at, excluded.message_id) > (at, message_id)`)
  const join = database.prepare('INSERT INTO memberships VALUES (?, ?) ON CONFLICT DO NOTHING')
  const searchTerms = createSearchTerms(database)

  /** By workspace and kind, then by key. */
  const subjects = new Map<number, Map<string, Subject>>()
  const accounts = new Map<string, number>()
  const memberships = new Set<string>()
  let remembered = 0

  let seen: Subject[] = []
  /** By day, then by name. */
  let counted = new Map<number, Map<string, Tally[]>>()
  let claimed: Claim[] = []
  let traits = new Map<string, Trait>()
  /** Whose name, e-mail address or accounts are others now. */
  let changed = new Set<number>()

  function forget(): void {
    subjects.clear()
    accounts.clear()
    memberships.clear()
    remembered = 0
  }

  function subjectOf(workspace: number, kind: number, key: string): Subject {
    const place = workspace * KINDS.length + kind
    let keys = subjects.get(place)
    if (!keys) {
      keys = new Map()
      subjects.set(place, keys)
    }
    let subject = keys.get(key)
    if (subject) return subject
    let id = findSubject.get(workspace, kind, key)?.id as number | undefined
    if (id === undefined) {
      id = Number(newSubject.run(workspace, kind, key).lastInsertRowid)
      rootItself.run(id)
      // It is looked for, and of a domain, also where a split keeps it from whom it came with.
      if (kind === KIND.email) changed.add(id)
    }
    subject = { id, day: undefined, seen: undefined, claim: undefined }
    keys.set(key, subject)
    remembered += 1
    return subject
  }

  function accountOf(workspace: number, key: string): number {
    const name = `${workspace} ${key}`
    let id = accounts.get(name)
    if (id === undefined) {
      id = findAccount.get(workspace, key)?.id as number | undefined
      if (id === undefined) {
        id = Number(newAccount.run(workspace, key).lastInsertRowid)
        searchTerms.account(workspace, id)
      }
      accounts.set(name, id)
    }
    return id
  }

  function see(workspace: number, subject: Subject, { atMs, said }: StoredEvent): void {
    const verified = Number(said.verified)
    const known = subject.seen
    if (known) {
      known.events += 1
      if (atMs < known.firstAt) known.firstAt = atMs
      if (atMs > known.lastAt) known.lastAt = atMs
      known.verified |= verified
    } else {
      subject.seen = { events: 1, firstAt: atMs, lastAt: atMs, verified }
      seen.push(subject)
    }
    const day = dayOf(atMs)
    if (subject.day === day) return
    noteDay.run(workspace, day, subject.id)
    subject.day = day
  }

  function claim(weaker: Subject, stronger: Subject, event: StoredEvent): void {
    const known = weaker.claim
    if (known?.stronger === stronger.id && !isBetter(event, known)) return
    const { atMs, messageId, said } = event
    const verified = Number(said.verified)
    const late = Number(said.late)
    weaker.claim = { weaker: weaker.id, stronger: stronger.id, verified, late, at: atMs, messageId }
    claimed.push(weaker.claim)
  }

  function countEvent(workspace: number, event: StoredEvent): void {
    const { type, source, event: name } = event
    const day = dayOf(event.atMs)
    let names = counted.get(day)
    if (!names) {
      names = new Map()
      counted.set(day, names)
    }
    tallyOf(
      names,
      name ?? '',
      (known) => known.type === type && known.source === source && known.workspace === workspace,
      () => ({ workspace, type, source, events: 0 }),
    ).events += 1
  }

  function setTraits(subject: Subject, level: Level, bag: Readonly<Record<string, unknown>>, event: StoredEvent): void {
    const { atMs: at, messageId: message_id, said } = event
    const late = level === LEVEL.once ? Number(said.late) : 0
    for (const [key, given] of Object.entries(bag)) {
      if (given === null && level !== LEVEL.set) continue
      const name = `${subject.id} ${level} ${key}`
      const known = traits.get(name)
      const trait = { subject: subject.id, level, key, value: JSON.stringify(given), late, at, message_id }
      if (!known || isAfter(trait, known) === (level !== LEVEL.once)) traits.set(name, trait)
    }
  }

  function setAccount(workspace: number, subject: Subject | undefined, key: string, event: StoredEvent): void {
    const account = accountOf(workspace, key)
    let isNew = false
    for (const [trait, value] of Object.entries(event.said.accountTraits ?? {})) {
      const { changes } = accountTrait.run(account, trait, JSON.stringify(value), event.atMs, event.messageId)
      isNew ||= trait === 'name' && Number(changes) > 0
    }
    if (isNew) searchTerms.account(workspace, account)
    if (!subject) return
    const name = `${account} ${subject.id}`
    if (memberships.has(name)) return
    memberships.add(name)
    if (Number(join.run(account, subject.id).changes) > 0) changed.add(subject.id)
  }

  return {
    /** Takes in one event by its number, which grows as they are stored; the subject whose timeline it is in, 0 for nobody's. */
    add(workspace: number, stored: StoredEvent, number: number): number {
      // Between equal times the message id decides, which is the same in any order; of what only came, the order of that.
      const event = stored.timed ? stored : { ...stored, messageId: orderOf(number) }
      const { userId, anonymousId, said } = event
      const user = userId === null ? undefined : subjectOf(workspace, KIND.user, userId)
      const anonymous = anonymousId === null ? undefined : subjectOf(workspace, KIND.anonymous, anonymousId)
      const known = user ?? anonymous
      // An address that nothing vouches for is not an identity beside another.
      const email =
        said.email === null || (known && !said.verified) ? undefined : subjectOf(workspace, KIND.email, said.email)
      const subject = known ?? email

      if (subject) {
        see(workspace, subject, event)
        if (user && anonymous) claim(anonymous, user, event)
        if (email && known) claim(email, known, event)
        if (user && said.previousId !== null && said.previousId !== userId) {
          claim(subjectOf(workspace, KIND.anonymous, said.previousId), user, event)
          if (said.verified) claim(subjectOf(workspace, KIND.user, said.previousId), user, event)
        }
        if (said.traits) setTraits(subject, LEVEL.set, said.traits, event)
        if (said.traitsOnce) setTraits(subject, LEVEL.once, said.traitsOnce, event)
        if (said.contextTraits) setTraits(subject, LEVEL.context, said.contextTraits, event)
      }
      if (said.groupId !== null) setAccount(workspace, subject, said.groupId, event)

      countEvent(workspace, event)
      return subject?.id ?? 0
    },

    /** Writes what was added, and settles who is who. */
    flush(): void {
      for (const subject of seen) {
        const { events, firstAt, lastAt, verified } = subject.seen!
        seenAgain.run(events, firstAt, lastAt, verified, subject.id)
        subject.seen = undefined
      }
      for (const [day, names] of counted) {
        for (const [name, tallies] of names) {
          for (const { workspace, type, source, events } of tallies)
            count.run(workspace, day, type, source, name, events)
        }
      }
      for (const trait of traits.values()) {
        const { subject, level, key, value, late, at, message_id } = trait
        const upsert: Statement = level === LEVEL.once ? oldest : newest
        const { changes } = upsert.run(subject, level, key, value, late, at, message_id)
        if (Number(changes) > 0 && PERSON_KEYS.has(key)) changed.add(subject)
      }
      const weaker = new Set<number>()
      for (const made of claimed) if (ownership.claim(made)) weaker.add(made.weaker)
      searchTerms.people(changed, ownership.settle(weaker))

      seen = []
      counted = new Map()
      claimed = []
      traits = new Map()
      changed = new Set()
      if (remembered + memberships.size + accounts.size > REMEMBERED_MAX) forget()
    },

    /** After ids were removed, or claims undone: gives what is left to whom it belongs. */
    settle(ids: Iterable<number>): void {
      forget()
      const all = [...ids]
      searchTerms.people(all, ownership.settle(all))
    },
  }
}

/** As text, which sorts like the number; `forgetSaid` of removal.ts writes it too. */
const orderOf = (number: number) => String(number).padStart(15, '0')

export type People = ReturnType<typeof createPeople>

function isBetter({ said, atMs, messageId }: StoredEvent, known: Claim): boolean {
  const verified = Number(said.verified)
  if (verified !== known.verified) return verified > known.verified
  const late = Number(said.late)
  if (late !== known.late) return late < known.late
  if (atMs !== known.at) return atMs < known.at
  return compareText(messageId, known.messageId) < 0
}

function isAfter(one: Trait, other: Trait): boolean {
  if (one.late !== other.late) return one.late > other.late
  if (one.at !== other.at) return one.at > other.at
  return compareText(one.message_id, other.message_id) > 0
}
