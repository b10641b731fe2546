import { BATCH_MAX_EVENTS, ID_MAX_CHARS, MESSAGE_ID_MAX_CHARS, REQUEST_MAX_BYTES } from '../../src/limits.ts'

/** Nesting that is taken, of a call and of what its envelope adds. Deeper JSON overflows the stack of what reads it later. */
export const NESTING_MAX_LEVELS = 256

/** The wait that an overloaded server asks for. Its backlog drains at tens of MB/s, so this is enough for most of it. */
const RETRY_AFTER_OVERLOAD_S = 5

/** The wait that a failing disk asks for: the log is opened again at most once a second. */
const RETRY_AFTER_FAILURE_S = 2

const TYPES = '`identify`, `track`, `page`, `screen`, `group`, `alias`'

// Where a source calls a field otherwise, the sentence does too: its name comes last and may be left out.

const id =
  (field: string) =>
  (actual: string, name = field) =>
    `\`${name}\` must be a string of at most ${ID_MAX_CHARS} characters, or a number; it ${actual}.`

const bag =
  (field: string) =>
  (actual: string, name = field) =>
    `\`${name}\` must be a JSON object; it ${actual}.`

const refusal = <Args extends unknown[]>(
  status: number,
  sentence: (...args: Args) => string,
  retryAfterS?: number,
) => ({ status, sentence, retryAfterS })

/**
 * Every refusal: its code, the status of an answer that consists of it, and the sentence, which names the field, the
 * limit and the actual value and says what to do. The codes are the closed list of the API (docs: wire.md §3).
 */
const TABLE = {
  // ---- one event: an entry of `errors`, or the whole answer at an endpoint that takes one call ----
  invalid_event: refusal(400, (must: string, actual: string) => `A call must ${must}; it ${actual}.`),
  missing_type: refusal(400, () => `\`type\` is required: one of ${TYPES}.`),
  unknown_type: refusal(400, (actual: string) => `\`type\` must be one of ${TYPES}; it ${actual}.`),
  type_mismatch: refusal(
    400,
    (door: string, actual: string) => `\`type\` must be \`${door}\` or left out at this endpoint; it ${actual}.`,
  ),
  missing_identity: refusal(400, (names: readonly string[] = ['userId', 'anonymousId']) => {
    const are = names.length === 1 ? 'it is' : 'both are'
    return `${names.map((name) => `\`${name}\``).join(' or ')} is required; ${are} absent, null or blank.`
  }),
  missing_event: refusal(400, (name = 'event') => `\`${name}\` is required: the name of what happened.`),
  invalid_event_name: refusal(400, (actual: string, name = 'event') => `\`${name}\` must be a string; it ${actual}.`),
  missing_group_id: refusal(
    400,
    (name = 'groupId') => `\`${name}\` is required: the account that the user belongs to.`,
  ),
  missing_user_id: refusal(400, (why: string, name = 'userId') => `\`${name}\` is required: ${why}.`),
  missing_previous_id: refusal(400, () => '`previousId` is required: the id that becomes `userId`.'),
  invalid_user_id: refusal(400, id('userId')),
  invalid_anonymous_id: refusal(400, id('anonymousId')),
  invalid_group_id: refusal(400, id('groupId')),
  invalid_previous_id: refusal(400, id('previousId')),
  invalid_message_id: refusal(
    400,
    (actual: string) => `\`messageId\` must be a string of at most ${MESSAGE_ID_MAX_CHARS} characters; it ${actual}.`,
  ),
  invalid_properties: refusal(400, bag('properties')),
  invalid_traits: refusal(400, bag('traits')),
  invalid_context: refusal(400, bag('context')),
  event_too_large: refusal(
    400,
    (maxBytes: number, bytes: number) => `An event must be at most ${maxBytes} bytes of JSON; it has ${bytes}.`,
  ),
  invalid_email: refusal(
    400,
    (actual: string, name = 'email') =>
      `\`${name}\` must be an e-mail address of at most ${ID_MAX_CHARS} characters; it ${actual}.`,
  ),
  invalid_distinct_id: refusal(400, id('distinct_id')),
  invalid_notification: refusal(
    400,
    (must: string, actual: string) => `A notification of Intercom must ${must}; ${actual}.`,
  ),
  data_update_not_allowed: refusal(
    400,
    (field: string) => `\`${field}\` is not taken in bulk: send it to \`/v1/api/events/customer-update\`.`,
  ),
  missing_customer_data: refusal(400, () => '`customerData` or `user.data` is required: what to set.'),
  // By the rules of the workspace (rules.ts).
  type_not_allowed: refusal(
    403,
    (allowed: readonly string[], actual: string) =>
      `\`type\` must be ${allowed.map((type) => `\`${type}\``).join(' or ')} for this workspace (\`allowedTypes\`); it is "${actual}".`,
  ),
  invalid_identity_signature: refusal(
    401,
    () =>
      '`signature` must be the hex HMAC-SHA-256 of `userId` under the `identitySecret` of this workspace; it is not. Make it on your server, of the id as it is sent.',
  ),
  unverified_identity: refusal(
    403,
    () =>
      'This workspace takes no user without a `signature` (`enforceIdentity`): the hex HMAC-SHA-256 of `userId`, made on your server with `identitySecret`.',
  ),
  contract_violation: refusal(
    422,
    (reason: string) =>
      `It is not as the contract of this workspace says: ${reason}. Send it as it says, or change the contract.`,
  ),
  contract_quarantined: refusal(
    422,
    (reason: string) =>
      `It is not as the contract of this workspace says: ${reason}. It is kept in quarantine: change the contract and replay it, or send it as the contract says with the same \`messageId\`.`,
  ),

  // ---- a whole request ----
  malformed_json: refusal(400, (reason: string) => `The body must be JSON: ${reason}`),
  invalid_batch: refusal(400, (must: string, actual: string) => `${must}; it ${actual}.`),
  batch_too_large: refusal(
    400,
    (maxEvents: number, events: number) => `A request must hold at most ${maxEvents} events here; it has ${events}.`,
  ),
  invalid_parameter: refusal(400, (name: string, must: string) => `\`${name}\` ${must}.`),
  invalid_request: refusal(400, (reason: string) => `The request cannot be read: ${reason}`),
  missing_write_key: refusal(
    401,
    () =>
      'A write key is required, by the first of: `Authorization: Bearer wk_…`, Basic with the key as user, `X-Write-Key`, `?writeKey=`, `writeKey` in the body.',
  ),
  invalid_write_key: refusal(401, (given: KeyKind) => wrongKey(given, 'write')),
  missing_token: refusal(401, (wanted: 'admin' | 'server' | 'page') => MISSING_TOKEN[wanted]),
  invalid_token: refusal(401, (given: KeyKind, wanted: 'admin' | 'server' | 'page') => wrongKey(given, wanted)),
  missing_api_key: refusal(401, (wanted: 'hogsend' | 'churnkey') => MISSING_API_KEY[wanted]),
  invalid_api_key: refusal(401, (given: KeyKind, wanted: 'hogsend' | 'churnkey') => wrongKey(given, wanted)),
  missing_signature: refusal(
    401,
    (header: string) =>
      `\`${header}\` is required: a secret is configured for this workspace, so requests must be signed.`,
  ),
  invalid_signature: refusal(
    401,
    (header: string) => `\`${header}\` is not the signature of this body: is the secret the same on both sides?`,
  ),
  invalid_auth_hash: refusal(
    401,
    () => '`authHash` is not the hex HMAC-SHA256 of `customerId` (without one: of `customerEmail`) by the API key.',
  ),
  forbidden_scope: refusal(403, (scope: string) => `This key lacks the scope \`${scope}\`.`),
  origin_not_allowed: refusal(
    403,
    (origin: string) =>
      `This workspace takes nothing from pages of ${origin.slice(0, 200)}. If it should, add that to its \`allowedOrigins\`.`,
  ),
  expired_session: refusal(401, () => 'The session is over: show the admin token again.'),
  cross_site: refusal(
    403,
    () =>
      'A session is only good for the page of this server itself. From elsewhere use `Authorization: Bearer <admin token>`.',
  ),
  unknown_message: refusal(
    404,
    (messageId: string) =>
      `No event with the messageId ${messageId} is known here. An id is known for 30 days at least.`,
  ),
  too_many_readers: refusal(
    429,
    (limit: number) => `At most ${limit} live streams may be open at once.`,
    RETRY_AFTER_OVERLOAD_S,
  ),
  method_not_allowed: refusal(
    405,
    (method: string, path: string, allowed: readonly string[]) =>
      `${path} takes ${allowed.join(', ')}, and not ${method}.`,
  ),
  not_found: refusal(404, (method: string, path: string) => `There is no ${method} ${path} here.`),
  unknown_profile: refusal(404, (id: string) => `Nobody is known here by the id \`${id}\`.`),
  unknown_account: refusal(404, (id: string) => `There is no account \`${id}\` here.`),
  not_merged: refusal(400, (id: string) => `Nothing was merged into \`${id}\` that could be taken out.`),
  payload_too_large: refusal(
    413,
    (what: 'body' | 'batch', actual: string, maxEvents: number = BATCH_MAX_EVENTS) =>
      `${what === 'body' ? `The body must be at most ${REQUEST_MAX_BYTES} bytes, decompressed` : `A request must hold at most ${maxEvents} events`}; it has ${actual}.`,
  ),
  rate_limited: refusal(
    429,
    (reason: string) => `Too much at once: ${reason} Send it again after \`Retry-After\` seconds.`,
    RETRY_AFTER_OVERLOAD_S,
  ),
  internal_error: refusal(500, () => 'The server failed on this request; its own output says why.'),
  unavailable: refusal(
    503,
    () => 'Nothing was stored: the disk of the server does not take writes. Send it again after `Retry-After` seconds.',
    RETRY_AFTER_FAILURE_S,
  ),
  order_waits: refusal(
    503,
    () => 'It is written down and will be done, but the store is behind. Look again after `Retry-After` seconds.',
    RETRY_AFTER_OVERLOAD_S,
  ),
  not_built: refusal(503, (file: string) => `${file} is not built yet: run \`npm run build\`.`),
}

/** The kinds of keys; each opens its own doors only. */
export type KeyKind = 'unknown' | 'write' | 'widget' | 'admin' | 'server' | 'hogsend' | 'churnkey'

/** `page`: what a page sends in the form of Hyperengage, where a secret must not be. */
type WantedKind = Exclude<KeyKind, 'unknown' | 'widget'> | 'page'

const IN_CONFIGURATION = 'in the configuration of the server'

/** What a key that was given at the wrong door is. */
const GIVEN: { readonly [kind in Exclude<KeyKind, 'unknown'>]: string } = {
  write: 'This is a write key (`wk_…`), which only writes events at the endpoints of airhop.',
  widget: 'This is a public widget key (`pk_…`).',
  admin: 'This is an admin token, which reads; one that was put in a page should be replaced.',
  server: 'This is a server token, for `/api/v1/s2s/event`.',
  hogsend: 'This is a Hogsend key (`hsk_…`), for `/v1/contacts`, `/v1/events` and `/v1/groups`.',
  churnkey: 'This is an API key of Churnkey, for `/v1/api/events`.',
}

/** Which key belongs here, and where it stands. */
const WANTED: { readonly [kind in WantedKind]: string } = {
  write: 'Use the write key: it starts with `wk_` and stands beside the widget key in the settings of the workspace.',
  admin: 'Use an admin token: it stands in `keys.json` of the data folder, or in the configuration.',
  server: `Use a server token, as \`?token=\`: one of \`serverTokens\` ${IN_CONFIGURATION}.`,
  page: 'In a page use the write key (`wk_…`), as `?token=`. Use a server token only on a server, at `/api/v1/s2s/event`.',
  hogsend: `Use a key that starts with \`hsk_\`, as \`Authorization: Bearer\`: one of \`hogsendKeys\` ${IN_CONFIGURATION}.`,
  churnkey: `Use the API key and the app id of Churnkey, as \`x-ck-api-key\` and \`x-ck-app\`: \`churnkey\` ${IN_CONFIGURATION}.`,
}

const UNKNOWN: { readonly [kind in WantedKind]: string } = {
  write:
    'This write key is not known here. It starts with `wk_` and stands in `keys.json` of the data folder, or in the configuration of the server.',
  admin:
    'This is not an admin token of this server. It stands in `keys.json` of the data folder, or in the configuration; a write key (`wk_…`) only writes.',
  server: `This server token is not known here. ${WANTED.server}`,
  page: `This key is not known here. ${WANTED.page}`,
  hogsend: `This key is not known here. ${WANTED.hogsend}`,
  churnkey: `These are not known here together. ${WANTED.churnkey}`,
}

const wrongKey = (given: KeyKind, wanted: WantedKind) =>
  given === 'unknown' || given === wanted ? UNKNOWN[wanted] : `${GIVEN[given]} ${WANTED[wanted]}`

const MISSING_TOKEN = {
  admin: 'The admin token is required: `Authorization: Bearer <admin token>`.',
  server: `A token is required. ${WANTED.server}`,
  page: `A key is required. ${WANTED.page}`,
}

const MISSING_API_KEY = {
  hogsend: `A key is required. ${WANTED.hogsend}`,
  churnkey: `The API key is required. ${WANTED.churnkey} In a page, \`appId\` in the body is enough for \`/v1/api/events/new\`.`,
}

type Table = typeof TABLE
export type RefusalCode = keyof Table

/** Why a call or a request was not taken. `retryAfterS` is there when the same may be taken later. */
export interface Refusal {
  code: RefusalCode
  status: number
  message: string
  retryAfterS?: number
}

/** Makes the refusal of the table; what its sentence needs follows the code. */
export function refuse<Code extends RefusalCode>(code: Code, ...details: Parameters<Table[Code]['sentence']>): Refusal {
  const { status, sentence, retryAfterS } = TABLE[code]
  const message = (sentence as (...details: unknown[]) => string)(...details)
  return retryAfterS === undefined ? { code, status, message } : { code, status, message, retryAfterS }
}

/** Thrown where a refusal ends the handling of a request; `app.ts` turns it into the answer. */
export class RequestRefused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** Ends the handling of a request: `throw refused('missing_write_key')`. */
export function refused<Code extends RefusalCode>(
  code: Code,
  ...details: Parameters<Table[Code]['sentence']>
): RequestRefused {
  return new RequestRefused(refuse(code, ...details))
}

/** What a value is, as the end of a sentence: `is an array`, `is "foo"`. Long strings are cut. */
export function isWhat(value: unknown): string {
  if (value === undefined) return 'is absent'
  if (value === null) return 'is null'
  if (Array.isArray(value)) return 'is an array'
  if (typeof value === 'object') return 'is an object'
  if (typeof value === 'string') return value.length > 40 ? `is "${value.slice(0, 40)}…"` : `is "${value}"`
  return `is ${String(value)}`
}
