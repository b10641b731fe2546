import type { Page } from './page.ts'
import type { EventType } from './wire.ts'

/** Last argument of every event call. */
export interface Options {
  /** Merged over what the SDK fills in; `page` per field. */
  context?: { page?: object; [field: string]: unknown }
  /** Kept with the event, as in Segment's spec. */
  integrations?: object
  /** When it happened, if not now: a Date, ISO 8601, or epoch ms or s. */
  timestamp?: Date | string | number
  /** The key by which it is stored once; at most 255 characters. Made by the SDK if not given. */
  messageId?: string
  /** For this event alone. */
  anonymousId?: string
  /** identify: hex HMAC-SHA-256 of the user id, made by your server. */
  signature?: string
}

/** What a call says, besides its options. */
export interface Said {
  type: EventType
  event?: string
  name?: string
  category?: string
  userId?: string
  groupId?: string
  properties?: Record<string, unknown>
  traits?: object
}

/**
 * The event as JSON: the only copy of what was passed, taken at the call, and the form in which it is stored and sent.
 * Throws what JSON.stringify or a getter throws.
 */
export const serialize = (
  said: Said,
  { context, integrations, timestamp, anonymousId }: Options,
  messageId: string,
  page: Page,
): string => {
  let { type, name, category, properties } = said
  let own = context?.page
  if (type === 'page') {
    const given = { ...properties }
    properties = { ...page, name, category, ...given }
    for (const field in page) if (field in given) own = { [field]: given[field], ...own }
  }
  return JSON.stringify({
    // Before all others: behind one of them V8 copies field by field, which takes twice as long.
    ...said,
    properties,
    messageId,
    timestamp: timestamp ?? new Date().toISOString(),
    anonymousId,
    context: own ? { ...context, page: { ...page, ...own } } : context,
    integrations,
  })
}
