import { signal } from '@preact/signals'
import { hearServerTime } from './now.ts'
import type { Account } from './shapes.ts'

/** Who looks, once the server has said so; null when it asks for the token, undefined before it has answered. */
export const account = signal<Account | null | undefined>(undefined)

/** Why the token is asked for again, or was not taken. */
export const signInTrouble = signal('')

/** The token of a browser that keeps no cookie for this page (it is framed by another site): as long as the page lives. */
let token: string | undefined

/** The folder of the page, so that it works below a path of a proxy. */
const BASE = new URL('.', location.href.replace(/[?#].*/, '').replace(/\/web\/[^/]*$/, '/'))

export const addressOf = (path: string) => new URL(path, BASE).href

/** Without the slash at the end: what a customer's page is told as the host. */
export const HOST = BASE.href.replace(/\/$/, '')

/** An answer that is not 2xx; `message` is a sentence for the reader. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(addressOf(path), {
    cache: 'no-store',
    ...init,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...init.headers },
  })
  hearServerTime(response.headers.get('date'))
  if (response.ok) return response
  const { error } = (await response.json().catch(() => ({}))) as { error?: { code: string; message: string } }
  if (error?.code === 'expired_session') signInTrouble.value = error.message
  if (response.status === 401) account.value = null
  throw new Refusal(response.status, error?.code ?? '', error?.message ?? `The server answered ${response.status}.`)
}

export const read = async <Answer>(path: string, signal?: AbortSignal): Promise<Answer> =>
  (await ask(path, signal ? { signal } : {})).json()

/** Shows the admin token, once: from then on the browser has a cookie. Throws a `Refusal`. */
export async function signIn(said: string): Promise<void> {
  if (!/^[!-~]+$/.test(said))
    throw new Refusal(401, 'invalid_token', 'An admin token has no blanks and no such letters.')
  token = undefined
  const answer = await ask('api/v1/session', { method: 'POST', headers: { authorization: `Bearer ${said}` } })
  const found = (await answer.json()) as Account
  const kept = await fetch(addressOf('api/v1/session'), { cache: 'no-store' })
  if (!kept.ok) token = said
  account.value = found
}

export async function signOut(): Promise<void> {
  token = undefined
  await ask('api/v1/session', { method: 'DELETE' })
  account.value = null
}

/** Whether the browser has a session already. */
export async function resume(): Promise<void> {
  try {
    account.value = await read<Account>('api/v1/session')
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    account.value = null
  }
}
