import type { Clock } from './clock.ts'
import type { Cell } from './storage.ts'

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
  read(): Identity
  /** A different user gets a new anonymous id: one id on two people would merge them. */
  setUser(userId: string, signature?: string): void
  setGroup(groupId: string): void
  setAnonymousId(anonymousId: string): void
  reset(): void
}

/** The id that a value stands for, or undefined: empty, NaN, or what a careless template makes of nothing. */
export const toId = (value: unknown): string | undefined => {
  const id = typeof value === 'number' || typeof value === 'string' ? `${value}` : ''
  return /^\s*(null|undefined|NaN|\[object Object\])?\s*$/.test(id) ? undefined : id
}

export const openIdentity = (cell: Cell, clock: Clock): IdentityKeeper => {
  let raw: string | null = null
  let known: Identity | undefined

  const write = (identity: Identity) => {
    known = identity
    raw = JSON.stringify(identity)
    cell.write(raw)
  }
  const parse = (text: string): Identity | undefined => {
    try {
      const identity = JSON.parse(text)
      return toId(identity.anonymousId) && identity
    } catch {
      // Not written by us: as if it were not there.
      return undefined
    }
  }
  const reset = () => write({ anonymousId: clock.id() })
  const read = (): Identity => {
    const now = cell.read()
    if (!known || now !== raw) {
      raw = now
      known = now ? parse(now) : undefined
      if (!known) reset()
    }
    return known!
  }

  return {
    read,
    setUser(userId, signature) {
      const before = read()
      const same = before.userId === userId
      write({
        ...(same || !before.userId ? before : { anonymousId: clock.id() }),
        userId,
        signature: signature || (same ? before.signature : undefined),
      })
    },
    setGroup: (groupId) => write({ ...read(), groupId }),
    setAnonymousId: (anonymousId) => write({ ...read(), anonymousId }),
    reset,
  }
}
