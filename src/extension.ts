import type { Airhop } from './calls.ts'
import type { IdentityKeeper } from './identity.ts'

/** Something that not everybody needs, started with an instance: `autoPage()`, `sharedId()`. */
export type Extension = (parts: {
  airhop: Airhop
  identity: IdentityKeeper
  /** Of the names of all that is kept in the browser for this write key. */
  prefix: string
}) => void
