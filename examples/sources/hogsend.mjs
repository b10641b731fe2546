// Contacts and events for Hogsend, by its API: only the host is ours.
const { AIRHOP_URL = 'http://127.0.0.1:4680', HOGSEND_API_KEY } = process.env

const call = async (method, path, body, headers) => {
  const response = await fetch(AIRHOP_URL + path, {
    method,
    headers: { authorization: `Bearer ${HOGSEND_API_KEY}`, 'content-type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  })
  console.log(response.status, await response.text())
}

await call('PUT', '/v1/contacts', { email: 'ada@example.com', userId: 'user_123', properties: { plan: 'pro' } })
const event = { name: 'subscription.created', userId: 'user_123', eventProperties: { amount: 4900 } }
await call('POST', '/v1/events', event, { 'idempotency-key': 'sub_created_1' })
await call('POST', '/v1/events', event, { 'idempotency-key': 'sub_created_1' })
await call('GET', '/v1/contacts/find?email=ada@example.com')
