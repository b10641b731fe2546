// What Segment's destination Webhooks (Actions) posts, batched and signed: for trying the endpoint without Segment.
import { createHmac } from 'node:crypto'

const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY, SEGMENT_SHARED_SECRET = '' } = process.env

const events = [
  { type: 'identify', messageId: 'seg-1', userId: 'user_123', traits: { email: 'ada@example.com' } },
  { type: 'track', messageId: 'seg-2', userId: 'user_123', event: 'Order Completed', properties: { total: 99.99 } },
].map((event) => ({ ...event, timestamp: '2025-03-15T14:31:31.000Z', writeKey: 'the_key_of_the_source_at_segment' }))

const response = await fetch(`${AIRHOP_URL}/ingest/v1/segment`, {
  method: 'POST',
  headers: {
    authorization: `Bearer ${AIRHOP_WRITE_KEY}`,
    'content-type': 'application/json',
    // Segment signs the first event of a batch.
    'x-signature': createHmac('sha1', SEGMENT_SHARED_SECRET).update(JSON.stringify(events[0])).digest('hex'),
  },
  body: JSON.stringify(events),
})
console.log(response.status, await response.text())
