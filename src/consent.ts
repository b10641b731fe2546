import { read, write } from './storage.ts'

/** granted: events are kept and sent · pending: held in memory, nothing is kept or sent · denied: nothing is taken. */
export type Consent = 'granted' | 'pending' | 'denied'

export interface ConsentKeeper {
  /** As any tab of the origin or an earlier page has left it. */
  now(): Consent
  set(next: Consent): void
}

/** What the visitor has decided, kept under the key; until then what it is at first. */
export const openConsent = (key: string, first: Consent): ConsentKeeper => {
  let state = first
  return {
    now() {
      const kept = read(key)
      // Nothing else is ever kept.
      if (kept) state = kept as Consent
      // Cleared by the page: the decision stands.
      else if (state !== first) write(key, state)
      return state
    },
    set(next) {
      state = next
      write(key, next)
    },
  }
}
