// What PostHog's destination HTTP Webhook posts, in its default form: for trying the endpoint without PostHog.
const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY } = process.env

const response = await fetch(`${AIRHOP_URL}/ingest/v1/posthog`, {
  method: 'POST',
  headers: { authorization: `Bearer ${AIRHOP_WRITE_KEY}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    event: {
      uuid: '018f2f6e-7d1a-7000-8000-000000000001',
      event: 'project_created',
      distinct_id: 'user_123',
      properties: { projectId: 'p_1', $groups: { company: 'acme' }, $is_identified: true },
      timestamp: '2025-03-15T14:30:00.000Z',
    },
    person: { id: '0190c0de-0000-7000-8000-000000000001', properties: { email: 'ada@example.com' } },
  }),
})
console.log(response.status, await response.text())
