import { client, WRITE_KEY } from './server-under-test.ts'

/** Sends batches as fast as they are answered, each again until it is, and keeps which ids were. */
export function createLoad({ eventsPerBatch, connections }: { eventsPerBatch: number; connections: number }) {
  const acknowledged = new Set<string>()
  const unanswered: string[][] = []
  let made = 0

  const newBatch = () => Array.from({ length: eventsPerBatch }, () => `m${String(made++).padStart(8, '0')}`)

  async function send(url: string, ids: string[]): Promise<boolean> {
    const batch = ids.map((messageId) => ({ type: 'track', userId: 'u', event: 'e', messageId, properties: { n: 1 } }))
    try {
      const response = await client(url).post('/ingest/v1/batch', { writeKey: WRITE_KEY, batch }, {})
      const answer = (await response.json()) as { received?: number }
      if (response.status === 200 && answer.received === ids.length) {
        for (const id of ids) acknowledged.add(id)
        return true
      }
    } catch {
      // The server went away: not acknowledged.
    }
    unanswered.push(ids)
    return false
  }

  return {
    acknowledged,
    made: () => made,
    /** Until the server does not answer, or `isEnough`. */
    async run(url: string, isEnough: () => boolean = () => false): Promise<void> {
      const connection = async () => {
        while (!isEnough() && (await send(url, unanswered.shift() ?? newBatch())));
      }
      await Promise.all(Array.from({ length: connections }, connection))
    },
  }
}
