/** One event of a connector, as JSON in UTF-8: what they send is as long as their own products allow. */
export const CONNECTOR_EVENT_MAX_BYTES = 1024 * 1024

/** Events of one delivery of Segment's webhook: https://segment.com/docs/connections/destinations/catalog/actions-webhook/ */
export const SEGMENT_WEBHOOK_MAX_EVENTS = 4000

/** Events of one `POST /v1/api/events/bulk` of Churnkey. */
export const CHURNKEY_BULK_MAX_EVENTS = 100

/** Events of one `POST /api/v1/events/batch` of SignalSmith. */
export const SIGNALSMITH_BATCH_MAX_EVENTS = 500
