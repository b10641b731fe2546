import { type Call, type Fields, isAbsent, isObject } from '../check.ts'
import { refused } from '../errors.ts'
import { parseTime } from '../time.ts'
import { type Delivery, limitEvents, type Mapping, mappedDelivery } from './delivery.ts'
import { CONNECTOR_EVENT_MAX_BYTES } from './limits.ts'
import { contentId, fieldsOf, isEmpty, ownId, pick, present, textOf } from './reading.ts'

const NAMES = {
  userId: 'user_id',
  anonymousId: 'anonymous_id',
  groupId: 'account_id',
  event: 'event_type',
  timestamp: 'utc_time',
}
const TERMS = { eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, groupWithoutUser: true, names: NAMES }

/** Fields of every event; the customer's own properties stand flat beside them. */
const RESERVED: ReadonlySet<string> = new Set([
  'event_id',
  'anonymous_id',
  'user_id',
  'account_id',
  'ids',
  'utc_time',
  'local_tz_offset',
  'referer',
  'url',
  'page_title',
  'doc_path',
  'doc_host',
  'doc_search',
  'screen_resolution',
  'vp_size',
  'user_agent',
  'user_language',
  'doc_encoding',
  'utm',
  'click_id',
  'api_key',
  'workspace_key',
  'src',
  'event_type',
  'traits',
  'library',
  'source_ip',
  'eventn_ctx',
  'user',
  'properties',
])

/** Events whose `traits` they are about; those of any other are what it knew of the person. */
const IDENTIFYING: ReadonlySet<unknown> = new Set([
  'user_identify',
  'identify_user',
  'account_identify',
  'identify_account',
])

/** What the documentation of `user_identify` and `account_identify` calls mandatory. */
const MANDATORY_TRAITS = { identify: ['email', 'name', 'created_at'], group: ['name'] } as const

/** An event of Hyperengage, or an array of them. Throws `payload_too_large`. */
export function readHyperengage(body: unknown): Delivery {
  const events = Array.isArray(body) ? body : [body]
  limitEvents(events.length)
  const isSingle = !Array.isArray(body)
  return mappedDelivery(events, { isSingle, eventMaxBytes: CONNECTOR_EVENT_MAX_BYTES, map: toCalls })
}

function toCalls(sent: Fields): ReturnType<Mapping> {
  // Its older form has what is common under `eventn_ctx`, and the person there under `user`.
  const event: Fields = { ...fieldsOf(sent.eventn_ctx), ...sent }
  const user = fieldsOf(event.user)
  const identity = {
    userId: isAbsent(event.user_id) ? user.id : event.user_id,
    anonymousId: isAbsent(event.anonymous_id) ? user.anonymous_id : event.anonymous_id,
  }
  const { event_type: type, utc_time: timestamp } = event
  const messageId = messageIdOf(sent, event)
  const common = { ...identity, groupId: event.account_id, messageId, timestamp, context: contextOf(event) }
  const call = (fields: Fields, warnings?: string[]): { calls: Call[] } => ({
    calls: [{ raw: { ...common, ...fields }, envelope: {}, doorType: undefined, terms: TERMS, beyond: { warnings } }],
  })

  switch (type) {
    case 'user_identify':
    case 'identify_user':
      if (isAbsent(identity.userId)) throw refused('missing_user_id', 'it says who is identified', NAMES.userId)
      return call({ type: 'identify', traits: event.traits }, missingOf('identify', event))
    case 'account_identify':
    case 'identify_account':
      return call({ type: 'group', traits: event.traits }, missingOf('group', event))
    case 'pageview':
    case '$pageview':
    case 'page':
      return call({ type: 'page', name: event.page_title, properties: propertiesOf(sent) })
    default:
      return call({ type: 'track', event: type, properties: propertiesOf(sent) })
  }
}

function messageIdOf(sent: Fields, event: Fields): string | undefined {
  const id = textOf(event.event_id)
  if (id !== undefined) return ownId('hyperengage', id)
  return parseTime(event.utc_time) === undefined ? undefined : contentId('hyperengage', sent)
}

/** Its SDKs say less than its documentation asks for, so nothing is refused for it. */
function missingOf(type: 'identify' | 'group', { traits, account_id }: Fields): string[] {
  const missing = MANDATORY_TRAITS[type].filter((trait) => isAbsent(fieldsOf(traits)[trait]))
  const names = missing.map((trait) => `\`traits.${trait}\``)
  if (isAbsent(account_id)) names.push('`account_id`')
  return names.length === 0 ? [] : [`${names.join(', ')}: Hyperengage calls it mandatory, and it is absent`]
}

/** Flat ones, and those of an object `properties`; anything else under that name is refused later by its type. */
function propertiesOf(sent: Fields): unknown {
  const { properties } = sent
  if (!isAbsent(properties) && !isObject(properties)) return properties
  return { ...pick(sent, (key) => !RESERVED.has(key)), ...fieldsOf(properties) }
}

function contextOf(event: Fields): Fields {
  const { utm, ids, click_id, traits, src } = event
  const page = present({
    url: textOf(event.url),
    path: textOf(event.doc_path),
    search: textOf(event.doc_search),
    referrer: textOf(event.referer),
    title: textOf(event.page_title),
  })
  return present({
    library: { name: textOf(src) ?? 'hyperengage' },
    page: isEmpty(page) ? undefined : page,
    campaign: isObject(utm) && !isEmpty(utm) ? utm : undefined,
    clickIds: isObject(click_id) && !isEmpty(click_id) ? click_id : undefined,
    externalIds: isObject(ids) && !isEmpty(ids) ? ids : undefined,
    userAgent: textOf(event.user_agent),
    locale: textOf(event.user_language),
    ip: textOf(event.source_ip),
    groupId: textOf(event.account_id),
    traits: !IDENTIFYING.has(event.event_type) && isObject(traits) && !isEmpty(traits) ? traits : undefined,
  })
}
