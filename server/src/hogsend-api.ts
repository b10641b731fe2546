import type { FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { decompress, parseJson } from './body.ts'
import { isAbsent, isObject } from './check.ts'
import { refused } from './errors.ts'
import type { Incoming } from './ingest.ts'
import type { Orders } from './orders.ts'
import type { Processing } from './processing.ts'
import type { RecentIds } from './recent-ids.ts'
import { hogsendIdentity } from './sources/hogsend.ts'
import { textOf } from './sources/reading.ts'
import type { Contact, Contacts, Queries } from './store/port.ts'

/** How long an answer waits for the store to know what was sent before: Hogsend's own client gives up after 30 s. */
const CATCH_UP_MS = 10_000

export interface HogsendApiParts {
  keys: Pick<Keys, 'hogsend'>
  contacts: Contacts
  queries: Pick<Queries, 'events' | 'profile'>
  orders: Orders
  processing: Pick<Processing, 'caughtUp'>
  recentIds: Pick<RecentIds, 'has'>
}

/**
 * The answers of Hogsend, which say what a request came to. The store knows that only when it has processed what came
 * before, so it is waited for; requests about the same ids are answered one after the other.
 */
export function createHogsendApi({ keys, contacts, queries, orders, processing, recentIds }: HogsendApiParts) {
  const oneAtATime = createLocks()

  async function caughtUp(): Promise<void> {
    if (!(await processing.caughtUp(CATCH_UP_MS))) throw refused('rate_limited', 'earlier events wait to be processed.')
  }

  async function isStored(workspace: string, id: string): Promise<boolean> {
    if (recentIds.has(id)) return true
    await caughtUp()
    const messageId = id.slice(workspace.length + 1)
    return queries.events(workspace, { messageId }, { after: undefined, limit: 1, order: 'asc' }).items.length > 0
  }

  return {
    /** `PUT /v1/contacts` → `{ id, created, linked }`. `linked`: a contact that was there got an id that it had not. */
    async contact({ workspace, json, take }: Incoming) {
      const body = isObject(json) ? json : {}
      const ids = hogsendIdentity(body)
      const locks = [ids.userId, ids.email].flatMap((id) => (id === undefined ? [] : [`${workspace}\n${id}`]))
      return oneAtATime(locks, async () => {
        await caughtUp()
        const before = contacts.find(workspace, ids)
        await take()
        const created = before.length === 0
        const userId = ids.userId ?? before.find(({ externalId }) => externalId !== null)?.externalId
        return { id: userId ?? ids.email, created, linked: !created && isNewLink(workspace, before, body) }
      })
    },

    /** `POST /v1/events` → `{ stored, exits }`: not stored if its idempotency key has come before. No journeys, so no exits. */
    async event({ workspace, json, ids, take }: Incoming, key: string | undefined) {
      const said = key ?? (isObject(json) ? textOf(json.idempotencyKey) : undefined)
      if (said === undefined) {
        await take()
        return { stored: true, exits: [] }
      }
      return oneAtATime([`${workspace}\n${said}`], async () => {
        const isNew = await areNew(workspace, ids)
        if (isNew) await take()
        return { stored: isNew, exits: [] }
      })
    },

    /** `POST /v1/groups` → `{ group }`, with what the request says of it. */
    async group({ json, ignored, take }: Incoming) {
      const answer = await take()
      const { groupType, groupKey, displayName } = isObject(json) ? json : {}
      const group = { id: textOf(groupKey), groupType, groupKey, displayName: textOf(displayName) ?? null }
      return ignored.length > 0 ? { ...answer, group } : { group }
    },

    /** `GET /v1/contacts/find?email=|userId=` → `{ contacts }`. */
    async find(request: FastifyRequest) {
      const { workspace } = keys.hogsend(request)
      const { userId, email } = request.query as Record<string, unknown>
      const ids = hogsendIdentity({ userId, email })
      await caughtUp()
      return { contacts: contacts.find(workspace.name, ids) }
    },

    /**
     * `DELETE /v1/contacts` with `userId` or `email` in the body or the URL → `{ deleted: true }`: erases the person, as
     * `DELETE /api/v1/profiles/<id>` does. Throws `unknown_profile`.
     */
    async remove(request: FastifyRequest) {
      const { name } = keys.hogsend(request).workspace
      const { userId, email } = hogsendIdentity({ ...(request.query as object), ...bodyOf(request) })
      const id = userId ?? email!
      await caughtUp()
      const person = queries.profile(name, { kind: userId === undefined ? 'email' : 'user', id })
      const outcome = person && (await orders({ do: 'erase', workspace: name, id: person.id }))
      if (outcome?.done !== 'erased') throw refused('unknown_profile', id)
      return { deleted: true }
    },
  }

  /** Whether the event of these ids was never taken. With none left they are all known already. */
  async function areNew(workspace: string, ids: ReadonlySet<string>): Promise<boolean> {
    const [...unknown] = ids
    const event = unknown.at(-1)
    return event !== undefined && !(await isStored(workspace, event))
  }

  function isNewLink(
    workspace: string,
    before: readonly Contact[],
    body: { readonly [key: string]: unknown },
  ): boolean {
    const { userId, email } = hogsendIdentity(body)
    const [contact] = before
    if (!contact || before.length > 1) return before.length > 1
    if (userId !== undefined && contact.externalId !== userId) return true
    if (email !== undefined && contact.email !== email) return true
    const anonymousId = textOf(body.anonymousId)
    return !isAbsent(anonymousId) && !contacts.hasAnonymousId(workspace, contact, anonymousId)
  }
}

/** What the body says; nothing where there is none. Throws `malformed_json`. */
function bodyOf({ body, headers }: FastifyRequest): object {
  if (!Buffer.isBuffer(body) || body.length === 0) return {}
  const encoding = headers['content-encoding'] ?? null
  const json = parseJson(decompress(body, encoding), encoding)
  return isObject(json) ? json : {}
}

/** Runs what shares a key one after the other, in the order of asking. */
function createLocks() {
  const last = new Map<string, Promise<unknown>>()
  return async function run<Result>(keys: readonly string[], work: () => Promise<Result>): Promise<Result> {
    const before = keys.map((key) => last.get(key))
    const running = Promise.allSettled(before).then(work)
    for (const key of keys) last.set(key, running)
    try {
      return await running
    } finally {
      for (const key of keys) if (last.get(key) === running) last.delete(key)
    }
  }
}
