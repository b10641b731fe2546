import type { Envelope, WireEvent } from './wire.ts'

/** An event as the server has it: what its envelope says of all, and its own over it. */
export interface ReceivedEvent {
  type: 'track' | 'identify' | 'page' | 'group'
  messageId: string
  /** ISO 8601 UTC, of the call. */
  timestamp: string
  anonymousId: string
  userId?: string
  /** group: the account. Of others it is in `context.groupId`. */
  groupId?: string
  /** Hex HMAC-SHA-256 of `userId`. */
  signature?: string
  /** track: its name. */
  event?: string
  /** page */
  name?: string
  /** page */
  category?: string
  // biome-ignore-start lint/suspicious/noExplicitAny: a test knows what it has passed.
  /** track, page */
  properties?: Record<string, any>
  /** identify, group */
  traits?: Record<string, any>
  context: Record<string, any>
  integrations?: Record<string, any>
  // biome-ignore-end lint/suspicious/noExplicitAny: see above
}

type Shared = Pick<Envelope, 'anonymousId' | 'userId' | 'groupId' | 'signature' | 'context'>

const receive = ({ anonymousId, userId, groupId, signature, context }: Shared, event: WireEvent): ReceivedEvent => {
  const all = { anonymousId, userId, signature, ...event }
  return {
    ...(JSON.parse(JSON.stringify(all)) as ReceivedEvent),
    context: { ...context, ...(groupId && event.type !== 'group' ? { groupId } : {}), ...event.context },
  }
}

/** The events of a request's body. Throws on what is no JSON or has no `batch`. */
export const readEvents = (body: string): ReceivedEvent[] =>
  [JSON.parse(body) as Envelope | Envelope[]]
    .flat()
    .flatMap((envelope) => envelope.batch.map((event) => receive(envelope, event)))
