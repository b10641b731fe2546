/** What became of one call. */
export interface Result {
  /** The event's id; empty when there was no event to give one to. */
  messageId: string
  /**
   * `stored`: the server has it. `rejected`: it was refused, here or by the server. `dropped`: it could not be sent.
   * `saved`: not answered yet; it is kept for a later try, if need be on the next visit.
   */
  status: 'stored' | 'rejected' | 'dropped' | 'saved'
  /** Why, when it was not stored: a code such as `missing_event`, `event_too_large`, `storage_full`. */
  reason?: string
}

/** Counts of this page's calls. `tracked` always equals the sum of the rest. */
export interface Stats {
  tracked: number
  delivered: number
  rejected: number
  /** By reason. */
  dropped: Record<string, number>
  /** Waiting for the server's answer. */
  pending: number
}

export type Fate = 'delivered' | 'rejected' | 'dropped'
export type Listener = (result: Result) => void
