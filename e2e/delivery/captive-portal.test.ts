import { expect, nothingLost, test } from '../delivery.ts'

const ANSWERS = {
  'a login page': { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome to our Wi-Fi</h1>' },
  'nothing at all': { status: 204 },
  'another JSON': { status: 200, body: '{"ok":true}' },
  'half of a JSON': { status: 200, body: '{"received":5,"acc' },
  'a redirect to a login page': { status: 302, headers: { location: '/login' } },
}

for (const [what, answer] of Object.entries(ANSWERS)) {
  test(`a network that answers everything with ${what} has not delivered it`, async ({ faults, shop }) => {
    const visitor = await shop.enter()
    const answered = faults.reactTo(2, answer)
    await visitor.track(5)
    await answered

    expect(await shop.settled()).toEqual({ ...nothingLost, tracked: 5, stored: 5 })
  })
}
