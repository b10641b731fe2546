/**
 * Every number of airhop, with its unit in its name and its reason above it. The SDK and the server import the same
 * file, so that what the browser lets through is what the server takes. What a program does not use is not in its bundle.
 */

// ---- What the server takes; the SDK checks the same before it sends ----

/** One event as JSON in UTF-8. Segment's limit: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ */
export const EVENT_MAX_BYTES = 32 * 1024

/** One request, decompressed. @segment/analytics-node was seen to send 749,361 bytes in one request. */
export const REQUEST_MAX_BYTES = 4 * 1024 * 1024

/** Events of one request. Segment's limit. */
export const BATCH_MAX_EVENTS = 2500

/** `userId`, `anonymousId`, `groupId`, `previousId`, in UTF-16 units (JavaScript's `length`). */
export const ID_MAX_CHARS = 512

/** `messageId`. Segment says 100; some of its clients send more. */
export const MESSAGE_ID_MAX_CHARS = 255

// ---- How the SDK sends ----

/** Longest wait of an event while the page is visible: `flushMs`. */
export const FLUSH_MS = 2000

/**
 * One request body. Beacons and keepalive fetches of a page share 64 KiB in flight
 * (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch): at most half of it may be in flight when the page goes.
 */
export const BATCH_MAX_BYTES = 30_000

/** A request that outlives its page. By characters: those that take more than a byte are few in what is longer than a batch. */
export const KEEPALIVE_MAX_CHARS = 50_000

/** First wait after a failed request; doubles with each further failure, with full jitter. */
export const RETRY_MIN_MS = 1000

/**
 * Longest wait after failed requests. With full jitter the mean is half of it: about 35 tries in 8 blocked hours, 12 of
 * them in the first hour. 10 minutes would make 100, 30 minutes 45 at times.
 */
export const RETRY_MAX_MS = 45 * 60_000

/** The longest `Retry-After` that is obeyed: a clock that is wrong by a year must not silence a page for a year. */
export const RETRY_AFTER_MAX_MS = 60 * 60_000

/** By so much a pause of another tab may seem to begin later than now; by more, the clock was set back since. */
export const CLOCK_SKEW_MS = 60_000

/** A request without an answer is given up after this, doubling with each further failure up to eight times as long. */
export const REQUEST_TIMEOUT_MS = 10_000

/** A request that went so shortly before the page goes needs no beacon: a keepalive fetch outlives its page. */
export const ON_ITS_WAY_MS = 1000

/** A drain begins this long after load, at random between the two, so that tabs restored together do not begin together. */
export const DRAIN_MIN_MS = 500
export const DRAIN_MAX_MS = 3000

/** Events of other pages are left to their page for this long: it may be alive and about to send them. */
export const DRAIN_AGE_MS = 10_000

/** Events that waited longer are dropped and counted. The server knows ids for longer: a late repeat is never counted twice. */
export const EVENT_MAX_AGE_MS = 7 * 86_400_000

/** What waits may take so much of the 5 MiB that an origin has; the oldest go first, and are counted. */
export const QUEUE_MAX_BYTES = 1024 * 1024

/** What an event made alone costs in the journal besides itself and its head: its key, `sentAt`, and the words between. */
export const JOURNAL_KEY_BYTES = 90

/** Events of one key of the journal; the answer to a batch rewrites no more than so many. */
export const CHUNK_MAX_EVENTS = 40

/**
 * Routers set the title and the canonical link of a new page, or redirect, so much later at most; it is told of then. In
 * steps, so that a page which is busy for long has time after that.
 */
export const TITLE_WAIT_STEP_MS = 50
export const TITLE_WAIT_STEPS = 9

/**
 * Of an address. Five of them (url, path, search, referrer, campaign) are in the context of every event, of which the
 * server takes EVENT_MAX_BYTES. No referrer is longer: https://w3c.github.io/webappsec-referrer-policy/#determine-requests-referrer
 */
export const ADDRESS_MAX_CHARS = 4096

/** The cookie of the shared id, name and value: it travels with every request of the site. */
export const COOKIE_MAX_BYTES = 80

/** The longest that browsers keep a cookie: https://developer.chrome.com/blog/cookie-max-age-expires */
export const COOKIE_MAX_AGE_S = 400 * 86_400
