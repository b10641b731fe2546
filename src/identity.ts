import type { Clock } from './clock.ts'
import { read, write } from './storage.ts'

/** Who uses this browser. */
export interface Identity {
  anonymousId: string
  userId?: string
  groupId?: string
  /** Hex HMAC-SHA-256 of `userId`, made by the customer's server. */
  signature?: string
}

export interface IdentityKeeper {
  /** As any tab of the origin has left it; the same object until it changes. */
  now(): Identity
  change(changes: Partial<Identity>): void
  /** A new anonymous id, these changes, and nothing of what was before. */
  reset(changes?: Partial<Identity>): void
}

/** The id that a value stands for; none: empty, NaN, or what a careless template makes of nothing. */
export const toId = (value: unknown): string | undefined => {
  const id = typeof value === 'number' || typeof value === 'string' ? `${value}` : ''
  return /^\s*(null|undefined|NaN|\[object Object\])?\s*$/.test(id) ? undefined : id
}

/** Kept under the key, or in memory: without a key, or while the browser can't keep it. */
export const openIdentity = (key: string | undefined, clock: Clock): IdentityKeeper => {
  let text: string | null | undefined
  let identity: Identity | undefined
  let kept: boolean | undefined

  const set = (next: Identity) => {
    identity = next
    text = JSON.stringify(next)
    kept = key ? write(key, text) : false
  }
  const reset = (changes?: Partial<Identity>) => set({ anonymousId: clock.id(), ...changes })
  const now = (): Identity => {
    const latest = kept !== false && key ? read(key) : text
    if (latest && latest !== text) {
      text = latest
      try {
        identity = JSON.parse(latest)
      } catch {
        // Not written by us: as if it were not there.
        identity = undefined
      }
    }
    if (!identity?.anonymousId) reset()
    // Cleared by the page: who it is stays the same for the life of the page, and for the next one.
    else if (!latest) set(identity)
    return identity!
  }

  return { now, reset, change: (changes) => set({ ...now(), ...changes }) }
}
