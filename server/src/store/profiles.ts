import type { Database } from '../sqlite.ts'
import { KINDS } from './changes.ts'
import { DAY_MS, isoDay } from './days.ts'
import { eventJson, KEPT } from './event-json.ts'
import { createLookup } from './lookup.ts'
import { KIND } from './ownership.ts'
import type { Moment, Page, Paging, Profile, Queries } from './queries-port.ts'
import { mergeTraits, type TraitRow } from './traits.ts'

/** The end of a range of texts that begin alike: no text has a greater character. */
const LAST_CHARACTER = '\u{10FFFF}'

interface SubjectRow {
  id: number
  kind: number
  key: string
  events: number
  first_at: number | null
  last_at: number | null
  verified: number
  domain: string | null
  grouped: number
  root: number
}

const isoTime = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())

type PeopleQueries = Pick<Queries, 'profile' | 'known' | 'profiles' | 'timeline' | 'account' | 'accounts' | 'outcome'>

/** Reads people and accounts; `idOf` gives a workspace's number. */
export function createProfiles(database: Database, idOf: (workspace: string) => number): PeopleQueries {
  const lookup = createLookup(database)
  const subjectsOf = database.prepare(
    'SELECT * FROM subjects WHERE root = ? ORDER BY id <> root, kind, first_at IS NULL, first_at, key',
  )
  const isUsed = database.prepare('SELECT 1 FROM subjects WHERE workspace = ? AND kind = ? AND key = ? AND events > 0')
  const traitsOf = database.prepare(`
    SELECT t.level, t.key, t.value, t.late, t.at, t.message_id
    FROM subjects s JOIN traits t ON t.subject = s.id WHERE s.root = ?`)
  const accountsOf = database.prepare(`
    SELECT DISTINCT a.key FROM subjects s JOIN memberships m ON m.subject = s.id JOIN accounts a ON a.id = m.account
    WHERE s.root = ? ORDER BY a.key`)
  // By number, which is the order of storing: the index has it, so no event but those two is read.
  const outermost = database.prepare(`
    SELECT min(e.id) AS first, max(e.id) AS last
    FROM subjects s CROSS JOIN events e INDEXED BY events_timeline ON e.subject = s.id WHERE s.root = ?`)
  const outcome = database.prepare('SELECT outcome FROM outcomes WHERE order_id = ?')

  const findAccount = database.prepare('SELECT id FROM accounts WHERE workspace = ? AND key = ?')
  const accountTraits = database.prepare('SELECT key, value FROM account_traits WHERE account = ? ORDER BY key')
  const MEMBERS = `
    SELECT s.root FROM memberships m JOIN subjects s ON s.id = m.subject WHERE m.account = :account
    UNION SELECT id FROM subjects WHERE workspace = :workspace AND domain = :key AND grouped = 0 AND root = id`
  const memberCount = database.prepare(`SELECT count(*) AS members FROM (${MEMBERS})`)
  const memberSums = database.prepare(`
    SELECT sum(events) AS events, min(first_at) AS first_at, max(last_at) AS last_at
    FROM subjects WHERE root IN (${MEMBERS})`)
  const activity = database.prepare(`
    SELECT CAST(floor(e.at / 86400000.0) AS INTEGER) AS day, count(*) AS events, count(DISTINCT s.root) AS people
    FROM (${MEMBERS}) m CROSS JOIN subjects s ON s.root = m.root CROSS JOIN events e ON e.subject = s.id
    WHERE e.at >= :from AND e.at < :to GROUP BY 1 ORDER BY 1`)

  function profileOf(workspace: number, root: number): Profile {
    const subjects = subjectsOf.all(root) as unknown as SubjectRow[]
    const main = subjects.find(({ id }) => id === root)!
    const used = (kind: number, key: string) => isUsed.get(workspace, kind, key) !== undefined
    const userIds = subjects.filter(({ id, kind, events }) => kind === KIND.user && (id === root || events > 0))
    // An alias names an id without saying whether it is a user's or a browser's.
    const anonymous = subjects.filter(
      ({ kind, key, events }) => kind === KIND.anonymous && (events > 0 || !used(KIND.user, key)),
    )
    const identities = subjects.filter(({ kind }) => kind === KIND.email).map(({ key }) => key)
    const traits = mergeTraits(traitsOf.all(root) as unknown as TraitRow[])
    const said = typeof traits.email === 'string' ? traits.email.trim().toLowerCase() : ''
    const ownEmail = said.includes('@') ? [said] : []
    const named = accountsOf.all(root).map(({ key }) => key as string)
    const automaticAccount = named.length === 0 ? main.domain : null
    const firsts = subjects.flatMap(({ first_at }) => first_at ?? [])
    const lasts = subjects.flatMap(({ last_at }) => last_at ?? [])
    return {
      id: main.key,
      userId: main.kind === KIND.user ? main.key : null,
      userIds: userIds.map(({ key }) => key),
      anonymousIds: anonymous.map(({ key }) => key),
      emails: [...new Set([...ownEmail, ...identities])],
      traits,
      accounts: automaticAccount === null ? named : [automaticAccount],
      automaticAccount,
      verified: subjects.some(({ verified }) => verified === 1),
      firstSeen: isoTime(least(firsts)),
      lastSeen: isoTime(greatest(lasts)),
      events: subjects.reduce((sum, { events }) => sum + events, 0),
    }
  }

  function page(workspace: number, roots: readonly number[], limit: number): Page<Profile> {
    const shown = roots.slice(0, limit)
    return { items: shown.map((root) => profileOf(workspace, root)), last: shown.at(-1), more: roots.length > limit }
  }

  const SEARCHED = `
    SELECT root FROM person_words WHERE workspace = :workspace AND word >= :from AND word < :to
    ${Object.values(KIND)
      .map(
        (kind) =>
          `UNION SELECT root FROM subjects WHERE workspace = :workspace AND kind = ${kind} AND key >= :exactFrom AND key < :exactTo`,
      )
      .join('\n')}`
  const listing = (sql: string, column: string, order: 'asc' | 'desc') =>
    database.prepare(
      `${sql} AND (:after IS NULL OR ${column} ${order === 'asc' ? '>' : '<'} :after) ORDER BY ${column} ${order} LIMIT :limit`,
    )
  const all = 'SELECT id AS root FROM subjects WHERE workspace = :workspace AND root = id'
  const searched = `SELECT root FROM (${SEARCHED}) WHERE true`
  const lists = {
    asc: { all: listing(all, 'id', 'asc'), searched: listing(searched, 'root', 'asc') },
    desc: { all: listing(all, 'id', 'desc'), searched: listing(searched, 'root', 'desc') },
  }

  const timelines = Object.fromEntries(
    (['asc', 'desc'] as const).flatMap((order) =>
      [false, true].map((named) => {
        const sign = order === 'asc' ? '>' : '<'
        const sql = `SELECT at AS atMs, id AS event FROM events INDEXED BY events_timeline
          WHERE subject = :subject AND (at, id) ${sign} (:at, :id) ${named ? 'AND event = :event' : ''}
          ORDER BY at ${order}, id ${order} LIMIT :limit`
        return [`${order} ${named}`, database.prepare(sql)]
      }),
    ),
  )
  const keptOf = database.prepare(`SELECT ${KEPT} FROM events WHERE id = ?`)
  const jsonOf = (event: number) => eventJson(keptOf.get(event)!)
  const receivedAtOf = (event: number) => (JSON.parse(jsonOf(event)) as { receivedAt: string }).receivedAt

  const accountBy = (key: string, workspace: number) => ({
    account: (findAccount.get(workspace, key)?.id as number | undefined) ?? -1,
    workspace,
    key,
  })

  const traitsOfAccount = (account: number) =>
    Object.fromEntries(
      accountTraits
        .all(account)
        .filter(({ value }) => value !== 'null')
        .map(({ key, value }) => [key, JSON.parse(value as string) as unknown]),
    )

  const ACCOUNTS = {
    all: `SELECT key FROM accounts WHERE workspace = :workspace AND key > :after
      UNION SELECT domain FROM subjects WHERE workspace = :workspace AND domain > :after AND grouped = 0
      ORDER BY 1 LIMIT :limit`,
    searched: `SELECT a.key FROM account_words w JOIN accounts a ON a.id = w.account
        WHERE w.workspace = :workspace AND w.word >= :from AND w.word < :to AND a.key > :after
      UNION SELECT domain FROM subjects WHERE workspace = :workspace AND domain >= :from AND domain < :to AND domain > :after AND grouped = 0
      ORDER BY 1 LIMIT :limit`,
  }
  const accountLists = { all: database.prepare(ACCOUNTS.all), searched: database.prepare(ACCOUNTS.searched) }

  const rangeOf = (search: string) => ({ from: search.toLowerCase(), to: search.toLowerCase() + LAST_CHARACTER })

  return {
    profile(workspace, key) {
      const id = idOf(workspace)
      const found = lookup(id, key)
      return found && profileOf(id, found.root)
    },

    known(workspace, key) {
      const id = idOf(workspace)
      const found = lookup(id, key)
      if (!found) return undefined
      const { first, last } = outermost.get(found.root) as { first: number | null; last: number | null }
      if (first === null || last === null) return undefined
      const subjects = subjectsOf.all(found.root) as unknown as SubjectRow[]
      const ids = subjects.map((subject) => ({ kind: KINDS[subject.kind]!, id: subject.key }))
      return { profile: profileOf(id, found.root), ids, createdAt: receivedAtOf(first), updatedAt: receivedAtOf(last) }
    },

    profiles(workspace, search, { after = null, limit, order }) {
      const id = idOf(workspace)
      const place = { workspace: id, after, limit: limit + 1 }
      const exact = { exactFrom: search ?? '', exactTo: (search ?? '') + LAST_CHARACTER }
      const rows =
        search === undefined
          ? lists[order].all.all(place)
          : lists[order].searched.all({ ...place, ...rangeOf(search), ...exact })
      return page(
        id,
        rows.map(({ root }) => root as number),
        limit,
      )
    },

    timeline(workspace, key, { event, after, limit, order }) {
      const found = lookup(idOf(workspace), key)
      if (!found) return undefined
      const start = order === 'asc' ? -Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER
      const { atMs, event: id } = after ?? { atMs: start, event: start }
      const statement = timelines[`${order} ${event !== undefined}`]!
      const place = { at: atMs, id, limit: limit + 1, ...(event !== undefined && { event }) }
      const direction = order === 'asc' ? 1 : -1
      const moments = (subjectsOf.all(found.root) as unknown as SubjectRow[])
        .filter(({ events }) => events > 0)
        .flatMap((subject) => statement.all({ ...place, subject: subject.id }) as unknown as Moment[])
        .sort((a, b) => direction * (a.atMs - b.atMs || a.event - b.event))
      const shown = moments.slice(0, limit)
      const items = shown.map((moment) => jsonOf(moment.event))
      return { items, last: shown.at(-1), more: moments.length > limit }
    },

    account(workspace, key, members: Paging, { fromDay, toDay }) {
      const id = idOf(workspace)
      const by = accountBy(key, id)
      const count = memberCount.get(by)!.members as number
      if (by.account === -1 && count === 0) return undefined
      const { events, first_at, last_at } = memberSums.get(by) as Record<string, number | null>
      const roots = database
        .prepare(`SELECT root FROM (${MEMBERS}) WHERE root > :after ORDER BY root LIMIT :limit`)
        .all({ ...by, after: members.after ?? 0, limit: members.limit + 1 })
        .map(({ root }) => root as number)
      const days = activity.all({ ...by, from: fromDay * DAY_MS, to: (toDay + 1) * DAY_MS })
      return {
        id: key,
        automatic: by.account === -1,
        traits: traitsOfAccount(by.account),
        memberCount: count,
        members: page(id, roots, members.limit),
        events: events ?? 0,
        firstSeen: isoTime(first_at ?? null),
        lastSeen: isoTime(last_at ?? null),
        activity: days.map((row) => ({
          day: isoDay(row.day as number),
          events: row.events as number,
          people: row.people as number,
        })),
      }
    },

    accounts(workspace, search, { after = '', limit }) {
      const id = idOf(workspace)
      const place = { workspace: id, after, limit: limit + 1 }
      const rows =
        search === undefined ? accountLists.all.all(place) : accountLists.searched.all({ ...place, ...rangeOf(search) })
      const items = rows.slice(0, limit).map((row) => {
        const by = accountBy(row.key as string, id)
        return {
          id: by.key,
          automatic: by.account === -1,
          traits: traitsOfAccount(by.account),
          memberCount: memberCount.get(by)!.members as number,
        }
      })
      return { items, more: rows.length > limit }
    },

    outcome(orderId) {
      const found = outcome.get(orderId)
      return found && JSON.parse(found.outcome as string)
    },
  }
}

const least = (numbers: readonly number[]) => (numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b)))
const greatest = (numbers: readonly number[]) =>
  numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b))
