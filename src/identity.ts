import type { ConsentKeeper } from './consent.ts'
import { ID_MAX_CHARS } from './limits.ts'
import { attempt, read, write } from './storage.ts'
import { uuid } from './uuid.ts'

/** Who uses this browser. */
export interface Identity {
  anonymousId: string
  userId?: string
  groupId?: string
  /** Hex HMAC-SHA-256 of `userId`, made by the customer's server. */
  signature?: string
}

export interface IdentityKeeper {
  /** As any tab of the origin has left it; the same object until it changes. Empty once consent is denied. */
  now(): Identity
  change(changes: Partial<Identity>): void
  /** A new anonymous id, and nothing of what was before. */
  reset(): void
  share(place: SharedPlace): void
}

/** The id that a value stands for; none: empty, NaN, what a careless template makes of nothing, or too long for any event. */
export const toId = (value: unknown): string | undefined => {
  const id = /^(number|string)$/.test(typeof value) ? `${value}` : ''
  return id.length <= ID_MAX_CHARS && !/^\s*(null|undefined|NaN|\[object Object\])?\s*$/.test(id) ? id : undefined
}

/** Where an anonymous id is kept besides, so that it is the same elsewhere. */
export interface SharedPlace {
  read(): string | undefined
  /** Nothing removes it. */
  write(anonymousId?: string): void
}

/** Kept under the key as far as consent is given, until then in memory. */
export const openIdentity = (key: string, consent: ConsentKeeper): IdentityKeeper => {
  let identity: Identity | undefined
  let text: string | undefined
  let place: SharedPlace | undefined

  /** What was made up while consent was pending. */
  let made: string | undefined

  const set = (next: Identity) => {
    const state = consent.now()
    if (state === 'denied') return
    identity = next
    text = JSON.stringify(next)
    if (state === 'granted') {
      write(key, text)
      place?.write(next.anonymousId)
    }
  }
  const reset = () => set({ anonymousId: uuid() })
  const now = (): Identity => {
    const state = consent.now()
    if (state === 'denied') {
      // Nothing is known any more of who has refused.
      identity = text = undefined
      place?.write()
      return {} as Identity
    }
    const granted = state === 'granted'
    // What the page has said since then holds, and not what an earlier one has kept, or a tab where nothing was said.
    const said = !!made && made !== text
    const latest = granted && !said ? read(key) : text
    if (latest && latest !== text) {
      text = latest
      // Not written by us: as if it were not there.
      identity = attempt(() => JSON.parse(latest))
    }
    const shared = granted && place ? place.read() : identity?.anonymousId
    // The user of here may have logged out there: with another id begins another identity.
    if (shared && shared !== identity?.anonymousId) set({ ...(said && identity), anonymousId: shared })
    else if (!identity?.anonymousId) {
      reset()
      made = text
    }
    // Cleared by the page: who it is stays the same for the life of the page, and for the next one.
    else if (!latest || !shared || said) set(identity)
    if (granted) made = undefined
    return identity!
  }

  const change = (changes: Partial<Identity>) => set({ ...now(), ...changes })

  return {
    now,
    reset,
    change,
    share(shared) {
      place = shared
      // Renewed, and as it is set now: browsers end a cookie some time after it was last written.
      change({})
    },
  }
}
