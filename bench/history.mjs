/** A history of made-up people, the same each time: one of them with 1,000 events, the others with about 50 on five days. */

const DAY_MS = 86_400_000

export const DAYS = 30
export const PERSON = 'user-0'
export const ACCOUNT = 'account-0'

/** Chance that is the same each time: mulberry32. */
function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Everybody is there on every sixth day, with about ten events. */
const personOn = (day, people, random) => 1 + ((Math.floor((random() * people) / 6) * 6 + day) % people)

/** `count` events, oldest first, of the 30 days before `toMs`. */
export function* history(count, toMs) {
  const random = createRandom(7)
  const people = Math.max(1, Math.floor((count - 1000) / 50))
  const fromMs = toMs - DAYS * DAY_MS
  const seen = new Map()
  for (let n = 0; n < count; n += 1) {
    const day = Math.floor((n / count) * DAYS)
    const who = n % Math.floor(count / 1000) === 0 ? 0 : personOn(day, people, random)
    const times = (seen.get(who) ?? 0) + 1
    seen.set(who, times)
    // Two devices each, and a login on each after a few events.
    const device = who * 2 + (times % 2)
    const event = {
      type: 'track',
      messageId: `p0k3x9a1q7-${n.toString(36).padStart(5, '0')}`,
      anonymousId: `5f0c7d1e-9a2b-4c3d-8e4f-${String(device).padStart(12, '0')}`,
      timestamp: new Date(fromMs + Math.floor((n / count) * DAYS * DAY_MS)).toISOString(),
      context: {
        page: { path: `/projects/${n % 97}`, url: `https://app.example.com/projects/${n % 97}`, title: 'Projects' },
        library: { name: 'airhop', version: '0.1.0' },
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36',
      },
    }
    if (times > 4) event.userId = `user-${who}`
    if (times === 5 || times === 6) {
      event.type = 'identify'
      event.traits = {
        email: `user${who}@company-${who % 3000}.com`,
        name: `Person ${who}`,
        plan: who % 5 ? 'free' : 'pro',
      }
    } else if (times === 7 && who % 2 === 0) {
      event.type = 'group'
      event.groupId = `account-${Math.floor(who / 10) * 10}`
      event.traits = { name: `Account ${who}` }
    } else if (times === 2) event.event = 'Signed Up'
    else if (times === 9 && who % 5 < 3) event.event = 'Project Created'
    else if (times === 14 && who % 5 < 2) event.event = 'Invited'
    else if (random() < 0.6) event.type = 'page'
    else event.event = `Feature ${Math.floor(random() * 40)} Used`
    if (event.type === 'track') event.properties = { value: n % 1000, from: 'menu' }
    yield event
  }
}
