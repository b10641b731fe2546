import type { Result } from './result.ts'

/** An event as it waits. */
export interface Entry {
  /** Unique, and in order of time as text. */
  id: string
  messageId: string
  /** What it has in common with others: the start of the request's JSON, see `openEnvelopes`. */
  head: string
  json: string
  /** Of `json`, in UTF-8. */
  bytes: number
  /** Where it is kept, if it is. */
  chunk: Chunk | undefined
  /** Answers the call, once. Events of earlier pages have none. */
  answer?: (result: Result) => void
}

/** Events that one task has made, with one head: one key of the storage. */
export interface Chunk {
  key: string
  /** Those that wait. */
  entries: Entry[]
}

export const utf8Bytes = (text: string): number =>
  // JSON has no control characters: what is all ASCII needs no copy to be measured.
  /[^ -~]/.test(text) ? new TextEncoder().encode(text).length : text.length
