import { expect } from 'vitest'
import type { client } from './server-under-test.ts'

/** What tests ask of people and accounts; an answer is `any` JSON. */
export function peopleOf<Server extends ReturnType<typeof client>>(server: Server) {
  async function get(path: string): Promise<any> {
    const response = await server.get(`/api/v1${path}`)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  const call = (method: string, path: string, body?: unknown) =>
    fetch(`${server.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${server.adminToken}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  const { get: _, ...rest } = server
  return {
    ...rest,
    get,
    call,

    /** Sends calls and waits until they are in the store. */
    async send(batch: object[], path = '/ingest/v1/batch') {
      const response = await server.post(path, { batch })
      expect(await response.json()).toMatchObject({ received: batch.length, rejected: 0 })
      await server.processed()
    },

    profile: (id: string) => get(`/profiles/${encodeURIComponent(id)}`),

    /** The times of a timeline. */
    times: async (id: string, query = ''): Promise<string[]> =>
      (await get(`/profiles/${encodeURIComponent(id)}/events${query}`)).events.map(
        ({ timestamp }: { timestamp: string }) => timestamp,
      ),

    /** Status, code and message of an answer that is a refusal. */
    async refusal(method: string, path: string, body?: unknown): Promise<[number, string, string]> {
      const response = await call(method, path, body)
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      return [response.status, error.code, error.message]
    },
  }
}

export type People = ReturnType<typeof peopleOf<ReturnType<typeof client>>>
