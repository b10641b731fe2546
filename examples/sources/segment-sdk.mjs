// A server that sends to Segment by its own SDK: only `host` is ours.
import { Analytics } from '@segment/analytics-node'

const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY } = process.env

const analytics = new Analytics({ writeKey: AIRHOP_WRITE_KEY, host: AIRHOP_URL })
analytics.identify({ userId: 'user_123', traits: { email: 'ada@example.com', plan: 'pro' } })
analytics.track({ userId: 'user_123', event: 'Order Completed', properties: { total: 99.99 } })
analytics.group({ userId: 'user_123', groupId: 'acme', traits: { name: 'Acme' } })
await analytics.closeAndFlush()
