// A server that sends to Hyperengage by its own SDK: only `tracking_host` is ours, and its key is a server token.
import { hyperengageClient } from '@hyperengage/sdk-js'

const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_SERVER_TOKEN } = process.env

const hyperengage = hyperengageClient({
  key: AIRHOP_SERVER_TOKEN,
  workspace_key: 'unused',
  tracking_host: AIRHOP_URL,
  max_send_attempts: 1,
})
const traits = { email: 'ada@example.com', name: 'Ada', created_at: '2024-01-15T09:00:00' }
await hyperengage.identify_user({ user_id: 'user_123', account_id: 'acme', traits })
// Its SDK says the account of an event only after this call, whatever `identify_user` says.
await hyperengage.identify_account({ account_id: 'acme', traits: { name: 'Acme' } })
await hyperengage.track('order_completed', { total: 99.99 })
