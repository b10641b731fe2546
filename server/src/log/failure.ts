import { refused } from '../errors.ts'
import { LogFull, LogUnavailable } from './port.ts'

/** What a failed append means to the one who sent it. Throws `rate_limited` and `unavailable`. */
export function refuseByLog(error: unknown): never {
  if (error instanceof LogFull) throw refused('rate_limited', error.message)
  if (error instanceof LogUnavailable) throw refused('unavailable')
  throw error
}
