import type { Database } from '../sqlite.ts'
import type { Contact, Contacts } from './port.ts'

/** So many of a contact's newest identify events make its properties: more than any person has. */
const IDENTIFIES_MAX = 10_000

/** Only what a secret stands behind joins an address and a user: anybody may claim an address by a public key. */
const IS_VERIFIED = `json ->> '$.verified'`

/** Of a contact with a user all events of the user; of one without, those of the address that name no user. */
const OF_CONTACT = 'workspace = ?1 AND (user_id = ?2 OR (user_id IS NULL AND email = ?3))'

/** Contacts as the stored events show them. */
export function createContacts(database: Database): Contacts {
  const findWorkspace = database.prepare('SELECT id FROM workspaces WHERE name = ?')
  const usersOfEmail = database.prepare(
    `SELECT DISTINCT user_id FROM events WHERE workspace = ? AND email = ? AND user_id IS NOT NULL AND ${IS_VERIFIED}`,
  )
  const emailOfUser = database.prepare(
    `SELECT email FROM events WHERE workspace = ? AND user_id = ? AND email IS NOT NULL AND ${IS_VERIFIED} ORDER BY id DESC LIMIT 1`,
  )
  const times = database.prepare(`
    SELECT min(json ->> '$.timestamp') AS first, max(json ->> '$.timestamp') AS last,
      min(json ->> '$.receivedAt') AS created, max(json ->> '$.receivedAt') AS updated
    FROM events WHERE ${OF_CONTACT}`)
  const identifies = database.prepare(
    `SELECT json FROM events WHERE ${OF_CONTACT} AND type = 'identify' ORDER BY id DESC LIMIT ${IDENTIFIES_MAX}`,
  )
  const byAnonymousId = database.prepare(`SELECT 1 FROM events WHERE ${OF_CONTACT} AND anonymous_id = ?4 LIMIT 1`)

  const idOf = (workspace: string) => (findWorkspace.get(workspace)?.id as number | undefined) ?? -1

  function contactOf(workspace: number, userId: string | null, email: string | null): Contact | undefined {
    const place = [workspace, userId, email] as const
    const row = times.get(...place) as Record<'first' | 'last' | 'created' | 'updated', string | null>
    if (row.first === null) return undefined
    return {
      id: userId ?? email ?? '',
      externalId: userId,
      email,
      properties: propertiesOf(
        identifies.all(...place).map(({ json }) => JSON.parse(json as string)),
        email,
      ),
      firstSeenAt: row.first,
      lastSeenAt: row.last!,
      createdAt: row.created!,
      updatedAt: row.updated!,
    }
  }

  return {
    find(workspaceName, { userId, email }) {
      const workspace = idOf(workspaceName)
      const users = email === undefined ? [] : usersOfEmail.all(workspace, email).map((row) => row.user_id as string)
      if (userId !== undefined) users.unshift(userId)
      const found = [...new Set(users)].map((user) =>
        contactOf(workspace, user, (emailOfUser.get(workspace, user)?.email as string | undefined) ?? null),
      )
      const isTaken = email !== undefined && users.some((user) => user !== userId)
      const hasOwn = found.some((contact) => contact?.email === email)
      if (email !== undefined && !isTaken && !hasOwn) found.push(contactOf(workspace, null, email))
      return found.filter((contact) => contact !== undefined)
    },

    hasAnonymousId: (workspace, { externalId, email }, anonymousId) =>
      byAnonymousId.get(idOf(workspace), externalId, email, anonymousId) !== undefined,
  }
}

interface Identify {
  timestamp: string
  traits?: object
  traitsOnce?: object
}

/** The newest value of each trait; null removes one. The address is a field of its own. */
function propertiesOf(newestFirst: readonly Identify[], email: string | null): Record<string, unknown> {
  const inOrder = newestFirst.toReversed().sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1))
  const traits = new Map<string, unknown>()
  for (const identify of inOrder) {
    for (const [key, value] of Object.entries(identify.traitsOnce ?? {})) if (!traits.has(key)) traits.set(key, value)
    for (const [key, value] of Object.entries(identify.traits ?? {})) {
      if (value === null) traits.delete(key)
      else traits.set(key, value)
    }
  }
  const said = traits.get('email')
  if (typeof said === 'string' && said.toLowerCase() === email) traits.delete('email')
  return Object.fromEntries(traits)
}
