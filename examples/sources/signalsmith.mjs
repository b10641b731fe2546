// Events for SignalSmith, by its API: only the host is ours, and the write key is the user of Basic.
const { AIRHOP_URL = 'http://127.0.0.1:4680', AIRHOP_WRITE_KEY } = process.env

const response = await fetch(`${AIRHOP_URL}/api/v1/events/batch`, {
  method: 'POST',
  headers: {
    authorization: `Basic ${Buffer.from(`${AIRHOP_WRITE_KEY}:`).toString('base64')}`,
    'content-type': 'application/json',
  },
  body: JSON.stringify({
    batch: [
      { type: 'identify', userId: 'user_123', traits: { email: 'ada@example.com' } },
      { type: 'screen', userId: 'user_123', name: 'Settings' },
    ],
  }),
})
console.log(response.status, await response.text())
