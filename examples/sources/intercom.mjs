// What Intercom posts to a webhook, signed by the client secret of its app: for trying the endpoint without Intercom.
import { createHmac } from 'node:crypto'

const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY, INTERCOM_CLIENT_SECRET = '' } = process.env

const body = JSON.stringify({
  type: 'notification_event',
  id: 'notif_0001',
  topic: 'contact.user.created',
  app_id: 'abc123def',
  created_at: 1736482948,
  data: {
    type: 'notification_event_data',
    item: {
      type: 'contact',
      id: '6961d4041c1e12de4c5499aa',
      external_id: 'user_123',
      role: 'user',
      email: 'ada@example.com',
      custom_attributes: { plan: 'pro' },
    },
  },
})
const response = await fetch(`${AIRHOP_URL}/ingest/v1/intercom?writeKey=${AIRHOP_WRITE_KEY}`, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'x-hub-signature': `sha1=${createHmac('sha1', INTERCOM_CLIENT_SECRET).update(body).digest('hex')}`,
  },
  body,
})
console.log(response.status, await response.text())
