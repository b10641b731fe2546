const AN_ID = 'Send a string of at most 512 characters, or a number'
const BOTH_IDS = 'Say both `userId` (the new id) and `previousId` (the old one).'
const asObject = (bag: string) => `Send \`${bag}\` as an object, also when there is only one value.`

/** What a refusal is called and what to do about it, by its code. The server's own sentence says the details. */
const ADVICE: Record<string, { title: string; todo: string }> = {
  invalid_write_key: {
    title: 'Wrong write key',
    todo: 'Put the write key of this workspace into `data-key`: it starts with wk_ and stands on Get started. A pk_ key is for widgets, and an admin token (at_) never belongs into a page.',
  },
  origin_not_allowed: {
    title: 'Origin not allowed (CORS)',
    todo: 'The page is of an origin that is not among `allowedOrigins` of this workspace: add it in the configuration and start again.',
  },
  missing_write_key: {
    title: 'No write key',
    todo: 'The request said no key. In the snippet it is `data-key`; by HTTP `Authorization: Bearer wk_…`, or `writeKey` in the body.',
  },
  malformed_json: {
    title: 'The body is no JSON',
    todo: 'Look at the start of the body below. A proxy that rewrites bodies, and a Content-Encoding that does not fit, are the usual reasons.',
  },
  invalid_batch: {
    title: 'No batch',
    todo: 'Send `{ "batch": [ … ] }`, an array of calls, or one call to the endpoint of its type.',
  },
  payload_too_large: {
    title: 'Too large',
    todo: 'Send smaller batches: at most 4 MiB and 2,500 events in a request. airhop.js does so by itself.',
  },
  event_too_large: {
    title: 'Event over 32 KiB',
    todo: 'Leave out what nobody will query (whole documents, base64 images), or send a reference to it.',
  },
  missing_event: {
    title: 'A track without a name',
    todo: 'Give `track()` a name as its first argument. Often it is a variable that is undefined.',
  },
  invalid_event_name: { title: 'The name is no string', todo: 'Give `track()` a string first, then the properties.' },
  missing_identity: {
    title: 'Neither user nor browser',
    todo: 'Send `userId` or `anonymousId` with every call. airhop.js does so by itself; a server has to say whom it speaks of.',
  },
  missing_type: {
    title: 'No type',
    todo: 'Say `type` in each call of a batch: track, identify, page, screen, group or alias.',
  },
  unknown_type: {
    title: 'Unknown type',
    todo: 'Use one of track, identify, page, screen, group, alias; in lower case.',
  },
  type_mismatch: {
    title: 'Type and endpoint differ',
    todo: 'Leave `type` out at an endpoint of one type, or use /ingest/v1/batch.',
  },
  invalid_properties: {
    title: 'Properties are no object',
    todo: asObject('properties'),
  },
  invalid_traits: {
    title: 'Traits are no object',
    todo: asObject('traits'),
  },
  invalid_context: { title: 'Context is no object', todo: 'Send `context` as an object, or leave it out.' },
  invalid_event: { title: 'No readable call', todo: 'Each call is a JSON object, nested at most 256 levels deep.' },
  contract_violation: {
    title: 'Not as the contract says',
    todo: 'Send it as the sentence says, or change the contract and start the server again.',
  },
  contract_quarantined: {
    title: 'Not as the contract says, and kept',
    todo: 'It is not lost: mend the contract and release it, or send it again as the contract says with the same `messageId`.',
  },
  missing_group_id: { title: 'A group without groupId', todo: 'Give `group()` the id of the account first.' },
  missing_user_id: {
    title: 'An alias without userId',
    todo: BOTH_IDS,
  },
  missing_previous_id: {
    title: 'An alias without previousId',
    todo: BOTH_IDS,
  },
  invalid_user_id: {
    title: 'userId cannot be used',
    todo: `${AN_ID}: the id of your database, not an object.`,
  },
  invalid_anonymous_id: { title: 'anonymousId cannot be used', todo: 'Send a string of at most 512 characters.' },
  invalid_group_id: { title: 'groupId cannot be used', todo: `${AN_ID}.` },
  invalid_previous_id: {
    title: 'previousId cannot be used',
    todo: `${AN_ID}.`,
  },
  invalid_message_id: {
    title: 'messageId cannot be used',
    todo: 'Send a string of at most 255 characters, or leave it out.',
  },
  type_not_allowed: {
    title: 'Type not allowed here',
    todo: 'Add the type to `allowedTypes` of this workspace and start the server again, or do not send it.',
  },
  invalid_identity_signature: {
    title: 'Wrong signature of the user',
    todo: 'Make it on your server as hex HMAC-SHA-256 of exactly the `userId` that is sent, with the `identitySecret` of this workspace. `42` and `user_42`, another workspace, and base64 for hex are the usual reasons.',
  },
  unverified_identity: {
    title: 'A user without a signature',
    todo: 'Give `identify()` the `signature` that your server made for this user, or turn `enforceIdentity` off until all of your pages do.',
  },
  invalid_api_key: {
    title: 'Wrong API key',
    todo: 'Copy the key anew into what sends this. It is not the write key: keys of other products stand in the configuration of the server.',
  },
  missing_api_key: {
    title: 'No API key',
    todo: 'Set the key in what sends this. It stands in the configuration of the server.',
  },
  invalid_token: {
    title: 'Wrong token',
    todo: 'Copy the token anew into what sends this: one of `serverTokens` in the configuration of the server.',
  },
  missing_token: {
    title: 'No token',
    todo: 'Add `?token=` to the address in what sends this: one of `serverTokens` in the configuration of the server.',
  },
  forbidden_scope: {
    title: 'The key may not do this',
    todo: 'Add the scope to this key under `hogsendKeys` in the configuration and start the server again, or use another key.',
  },
  invalid_signature: {
    title: 'Wrong signature of the webhook',
    todo: 'Give both sides the same secret. If they have it, look for a proxy between them that rewrites bodies.',
  },
  missing_signature: {
    title: 'A webhook without a signature',
    todo: 'Enter the secret where the webhook is set up, or take it out of the configuration if nothing is to be signed.',
  },
  invalid_auth_hash: {
    title: 'Wrong authHash',
    todo: 'Make it on your server as hex HMAC-SHA-256 of exactly the `customerId` that is sent, with the API key of Churnkey.',
  },
  invalid_email: {
    title: 'email cannot be used',
    todo: 'Send an address of at most 512 characters, or leave it out and say a `userId`.',
  },
  invalid_distinct_id: {
    title: 'distinct_id cannot be used',
    todo: `${AN_ID}.`,
  },
  invalid_notification: {
    title: 'Not a notification of Intercom',
    todo: 'Point only webhooks of Intercom to this address; events of your own go to /ingest/v1/batch.',
  },
  data_update_not_allowed: {
    title: 'Customer data in bulk',
    todo: 'Send customer data to /v1/api/events/customer-update, and only events in bulk.',
  },
  missing_customer_data: {
    title: 'No customer data',
    todo: 'Say in `customerData` or `user.data` what to set.',
  },
  batch_too_large: {
    title: 'Too many events in a request',
    todo: 'Send them in several requests of the size that the sentence says.',
  },
  rate_limited: {
    title: 'Too much at once',
    todo: 'The sender was told to come again, and airhop.js does so by itself. If it goes on, raise `ratePerSecond` of this workspace, or look under Health whether the store is behind.',
  },
  unavailable: {
    title: 'The disk took no writes',
    todo: 'The sender was told to come again, and airhop.js does so by itself. Look at the disk: Health has the last error.',
  },
  invalid_request: {
    title: 'Not readable as HTTP',
    todo: 'Look at what sends it, and at proxies between: a header that is too long or a request that takes over a minute are the usual reasons.',
  },
}

/** Of a code that is not known here, the code itself in words. */
export const adviceOf = (code: string): { title: string; todo: string } =>
  (Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined) ?? {
    title: inWords(code),
    todo: 'The sentence of the server says what was expected and what came.',
  }

/** Why airhop.js drops an event, by its reason. */
const LOSSES: Record<string, { title: string; why: string; todo: string }> = {
  event_too_large: {
    title: 'Event over 32 KiB',
    why: 'A call made more than 32 KiB of JSON. No server takes that, so it was not sent.',
    todo: ADVICE.event_too_large!.todo,
  },
  unserializable: {
    title: 'No JSON can be made of it',
    why: 'A call was given something with a cycle, a BigInt, or a getter that throws.',
    todo: 'Pass ids, names and numbers instead of objects of a framework or the DOM. `airhop.on("dropped", console.warn)` in the console of the page tells of each.',
  },
  storage_full: {
    title: 'Too much waited in one browser',
    why: 'More than 1 MiB of events waited because nothing could be sent, so the oldest went.',
    todo: 'Look whether this server was away, or what stops the requests of these pages. Fewer and smaller events outlast a longer break.',
  },
  expired: {
    title: 'Waited for more than 7 days',
    why: 'The browser came back a week after it had made them, or nothing could be sent for that long.',
    todo: 'A few are visitors who went offline and came back late. Many: look whether this server was away, or what stops the requests of these pages.',
  },
}

export const lossAdviceOf = (reason: string): { title: string; why: string; todo: string } =>
  (Object.hasOwn(LOSSES, reason) ? LOSSES[reason] : undefined) ?? {
    title: inWords(reason),
    why: 'This reason is not one of airhop.js of this version.',
    todo: 'Look up what sends it: a newer airhop.js, or another program that has the write key.',
  }

function inWords(code: string): string {
  const words = code.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
