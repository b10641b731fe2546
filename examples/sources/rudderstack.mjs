// A server that sends to RudderStack by its own SDK: only `dataPlaneUrl` is ours.
import { createRequire } from 'node:module'

const RudderAnalytics = createRequire(import.meta.url)('@rudderstack/rudder-sdk-node')
const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY } = process.env

const rudder = new RudderAnalytics(AIRHOP_WRITE_KEY, { dataPlaneUrl: `${AIRHOP_URL}/ingest` })
rudder.identify({ userId: 'user_123', traits: { email: 'ada@example.com' } })
rudder.track({ userId: 'user_123', event: 'Order Completed', properties: { total: 99.99 } })
await new Promise((resolve) => rudder.flush(resolve))
