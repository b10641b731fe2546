import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { CHURNKEY_API_KEY, CHURNKEY_APP_ID, HOGSEND_KEY, SERVER_TOKEN, WRITE_KEY } from './keys.ts'
import { EVERY_KEY, startHere } from './server-under-test.ts'

const EXAMPLES = new URL('../../examples/sources/', import.meta.url)

/** What each example leaves in the store. */
const STORED: Record<string, object[]> = {
  'segment-sdk.mjs': [
    { source: 'http', type: 'identify', userId: 'user_123', traits: { email: 'ada@example.com', plan: 'pro' } },
    { source: 'http', type: 'track', event: 'Order Completed', properties: { total: 99.99 } },
    { source: 'http', type: 'group', groupId: 'acme', traits: { name: 'Acme' } },
  ],
  'segment-webhook.mjs': [
    { source: 'segment', type: 'identify', messageId: 'seg-1', verified: true },
    { source: 'segment', type: 'track', messageId: 'seg-2', timestamp: '2025-03-15T14:31:31.000Z', verified: true },
  ],
  'rudderstack.mjs': [
    { source: 'http', type: 'identify', traits: { email: 'ada@example.com' } },
    { source: 'http', type: 'track', event: 'Order Completed' },
  ],
  'posthog-sdk.mjs': [
    { source: 'posthog', type: 'identify', userId: 'user_123', traits: { email: 'ada@example.com' } },
    { source: 'posthog', type: 'group', groupId: 'acme', traits: { name: 'Acme' } },
    { source: 'posthog', type: 'track', event: 'order completed', properties: { total: 99.99 } },
  ],
  'posthog-webhook.mjs': [
    {
      source: 'posthog',
      type: 'track',
      event: 'project_created',
      properties: { projectId: 'p_1' },
      context: { groupId: 'acme', traits: { email: 'ada@example.com' } },
    },
  ],
  'intercom.mjs': [
    { source: 'intercom', type: 'identify', userId: 'user_123', email: 'ada@example.com', verified: true },
  ],
  'hyperengage.mjs': [
    { source: 'hyperengage', type: 'identify', userId: 'user_123', traits: { name: 'Ada' }, verified: true },
    { source: 'hyperengage', type: 'group', userId: 'user_123', groupId: 'acme', traits: { name: 'Acme' } },
    { source: 'hyperengage', type: 'track', event: 'order_completed', context: { groupId: 'acme' } },
  ],
  'churnkey.mjs': [
    { source: 'churnkey', type: 'track', userId: 'cus_abc', properties: { postType: 'image' }, verified: true },
    { source: 'churnkey', type: 'track', userId: 'cus_abc', timestamp: '2025-05-01T00:00:00.000Z' },
    { source: 'churnkey', type: 'identify', userId: 'cus_abc', traits: { numSeats: 7 } },
  ],
  'hogsend.mjs': [
    { source: 'hogsend', type: 'identify', userId: 'user_123', email: 'ada@example.com' },
    { source: 'hogsend', type: 'track', event: 'subscription.created', messageId: 'hogsend:sub_created_1' },
  ],
  'signalsmith.mjs': [
    { source: 'signalsmith', type: 'identify', traits: { email: 'ada@example.com' } },
    { source: 'signalsmith', type: 'screen', name: 'Settings' },
  ],
}

test('every example has its test', () => {
  expect(readdirSync(EXAMPLES).sort()).toEqual(Object.keys(STORED).sort())
})

test.each(Object.entries(STORED))('examples/sources/%s sends what it says', async (file, expected) => {
  const secrets = { SEGMENT_SHARED_SECRET: 'shh-segment', INTERCOM_CLIENT_SECRET: 'shh-intercom' }
  const workspace = {
    ...EVERY_KEY,
    segmentSharedSecret: secrets.SEGMENT_SHARED_SECRET,
    intercomClientSecret: secrets.INTERCOM_CLIENT_SECRET,
  }
  const server = await startHere({ workspace })
  const env = {
    PATH: process.env.PATH,
    AIRHOP_URL: server.url,
    AIRHOP_WRITE_KEY: WRITE_KEY,
    AIRHOP_SERVER_TOKEN: SERVER_TOKEN,
    HOGSEND_API_KEY: HOGSEND_KEY,
    CHURNKEY_API_KEY,
    CHURNKEY_APP_ID,
    ...secrets,
  }
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL(file, EXAMPLES))], { env, timeout: 20_000 })
  const events = await server.stored()
  expect(events).toHaveLength(expected.length)
  expect(events).toMatchObject(expected)
})
