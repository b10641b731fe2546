import type { FastifyRequest } from 'fastify'
import type { Keys } from './auth.ts'
import { decompress, parseJson } from './body.ts'
import { isObject } from './check.ts'
import { refused } from './errors.ts'
import type { Incoming } from './ingest.ts'
import type { Orders } from './orders.ts'
import type { Processing } from './processing.ts'
import type { RecentIds } from './recent-ids.ts'
import { hogsendIdentity, hogsendMessageId } from './sources/hogsend.ts'
import { textOf } from './sources/reading.ts'
import type { Kind } from './store/changes.ts'
import type { Known, Queries } from './store/queries-port.ts'

/** How long an answer waits for the store to know what was sent before: Hogsend's own client gives up after 30 s. */
const CATCH_UP_MS = 10_000

export interface HogsendApiParts {
  keys: Pick<Keys, 'hogsend'>
  queries: Pick<Queries, 'events' | 'known'>
  orders: Orders
  processing: Pick<Processing, 'caughtUp'>
  recentIds: Pick<RecentIds, 'has'>
}

/** A person as Hogsend shows one. */
interface Contact {
  /** Its `userId`, else its e-mail address: what it can be asked for by. */
  id: string
  externalId: string | null
  email: string | null
  /** Traits as they are now. */
  properties: Readonly<Record<string, unknown>>
  /** Of the oldest and newest event, ISO 8601. */
  firstSeenAt: string
  lastSeenAt: string
  /** When the first and the last event came. */
  createdAt: string
  updatedAt: string
}

/**
 * The answers of Hogsend, which say what a request came to. The store knows that only when it has processed what came
 * before, so it is waited for; requests about the same ids are answered one after the other.
 */
export function createHogsendApi({ keys, queries, orders, processing, recentIds }: HogsendApiParts) {
  const oneAtATime = createLocks()

  async function caughtUp(): Promise<void> {
    if (!(await processing.caughtUp(CATCH_UP_MS))) throw refused('rate_limited', 'earlier events wait to be processed.')
  }

  async function isStored(workspace: string, messageId: string): Promise<boolean> {
    if (recentIds.has(workspace, messageId)) return true
    await caughtUp()
    return queries.events(workspace, { messageId }, { after: undefined, limit: 1, order: 'asc' }).items.length > 0
  }

  return {
    /** `PUT /v1/contacts` → `{ id, created, linked }`. `linked`: a contact that was there got an id that it had not. */
    async contact({ workspace, json, take }: Incoming) {
      const body = isObject(json) ? json : {}
      const ids = hogsendIdentity(body)
      const named = [...keysOf(ids), ...keyOf('anonymous', textOf(body.anonymousId))]
      const locks = named.map(({ kind, id }) => `${workspace}\n${kind}\n${id}`)
      return oneAtATime(locks, async () => {
        await caughtUp()
        const before = find(workspace, named).filter(isContact)
        await take()
        // Whose the ids are now is for the store to say. It took them, so this is no refusal that asks for them again.
        if (!(await processing.caughtUp(CATCH_UP_MS))) throw refused('order_waits')
        const [after] = find(workspace, keysOf(ids))
        const had = before.filter((one) => after !== undefined && isIn(one, after))
        const linked = had.some((one) => after!.ids.some((id) => !has(one, id)))
        return { id: after ? contactOf(after).id : (ids.userId ?? ids.email), created: had.length === 0, linked }
      })
    },

    /** `POST /v1/events` → `{ stored, exits }`: not stored if its idempotency key has come before. No journeys, so no exits. */
    async event({ workspace, json, ids, take }: Incoming, header: unknown) {
      const messageId = hogsendMessageId(isObject(json) ? json : {}, header)
      if (messageId === undefined) {
        await take()
        return { stored: true, exits: [] }
      }
      return oneAtATime([`${workspace}\n${messageId}`], async () => {
        const isNew = ids.has(messageId) && !(await isStored(workspace, messageId))
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
      return { contacts: find(workspace.name, keysOf(ids)).map(contactOf) }
    },

    /**
     * `DELETE /v1/contacts` with `userId` or `email` in the body or the URL → `{ deleted: true }`: erases the person, as
     * `DELETE /api/v1/profiles/<id>` does. Throws `unknown_profile`.
     */
    async remove(request: FastifyRequest) {
      const { name } = keys.hogsend(request).workspace
      const { userId, email } = hogsendIdentity({ ...(request.query as object), ...bodyOf(request) })
      const id = userId ?? email!
      const outcome = await orders({ do: 'erase', workspace: name, id, kind: userId === undefined ? 'email' : 'user' })
      if (outcome.done !== 'erased') throw refused('unknown_profile', id)
      return { deleted: true }
    },
  }

  /** Those who have one of the ids, each once. */
  function find(workspace: string, keys: readonly Key[]): Known[] {
    const found: Known[] = []
    for (const key of keys) {
      const known = queries.known(workspace, key)
      if (known && !found.some((one) => isIn(one, known))) found.push(known)
    }
    return found
  }
}

type Key = Known['ids'][number]

const keysOf = ({ userId, email }: ReturnType<typeof hogsendIdentity>): Key[] => [
  ...keyOf('user', userId),
  ...keyOf('email', email),
]

const keyOf = (kind: Kind, id: string | undefined): Key[] => (id === undefined ? [] : [{ kind, id }])

const has = ({ ids }: Known, { kind, id }: Key) => ids.some((one) => one.kind === kind && one.id === id)

/** Whether a person is that one, or a part of it by now. */
const isIn = (one: Known, whole: Known) => has(whole, one.ids[0]!)

/** Who has only been a visitor is nobody that Hogsend could ask for. */
const isContact = ({ ids }: Known) => ids.some(({ kind }) => kind !== 'anonymous')

function contactOf(known: Known): Contact {
  const { profile, createdAt, updatedAt } = known
  const { userId: externalId, emails, traits, firstSeen, lastSeen } = profile
  const email = emails.find((id) => has(known, { kind: 'email', id })) ?? null
  // The address is a field of its own.
  const { email: said, ...others } = traits
  const isSame = typeof said === 'string' && said.toLowerCase() === email
  return {
    id: externalId ?? email!,
    externalId,
    email,
    properties: isSame ? others : traits,
    firstSeenAt: firstSeen!,
    lastSeenAt: lastSeen!,
    createdAt,
    updatedAt,
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
