// Events and customer data for Churnkey, by its API: only the host is ours.
const { AIRHOP_URL = 'http://127.0.0.1:4680', CHURNKEY_API_KEY, CHURNKEY_APP_ID } = process.env

const post = async (path, body) => {
  const response = await fetch(`${AIRHOP_URL}/v1/api/events/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-ck-api-key': CHURNKEY_API_KEY, 'x-ck-app': CHURNKEY_APP_ID },
    body: JSON.stringify(body),
  })
  console.log(response.status, await response.text())
}

await post('new', { event: 'Post Created', customerId: 'cus_abc', eventData: { postType: 'image' } })
await post('bulk', [{ event: 'Post Created', customerId: 'cus_abc', eventDate: '2025-05-01' }])
await post('customer-update', { customerId: 'cus_abc', customerData: { numSeats: 7 } })
