// A server that sends to PostHog by its own SDK: only `host` is ours, and the project's key is the write key.
import { PostHog } from 'posthog-node'

const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY } = process.env

const posthog = new PostHog(AIRHOP_WRITE_KEY, { host: `${AIRHOP_URL}/ingest/v1/posthog` })
posthog.identify({ distinctId: 'user_123', properties: { email: 'ada@example.com' } })
posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { name: 'Acme' } })
posthog.capture({ distinctId: 'user_123', event: 'order completed', properties: { total: 99.99 } })
await posthog.shutdown()
