/** What the server answers; see docs/server.md. */

export interface Account {
  workspace: string
  writeKeys: string[]
  version: string
}

export interface CanonicalEvent {
  type: string
  messageId: string
  source: string
  userId: string | null
  anonymousId: string | null
  groupId?: string
  previousId?: string
  event?: string
  name?: string | null
  category?: string | null
  properties?: Record<string, unknown>
  traits?: Record<string, unknown>
  context?: Record<string, unknown>
  originalTimestamp: string | null
  sentAt: string | null
  timestamp: string
  receivedAt: string
  verified: boolean
  bot?: { reasons: string[] }
  warnings?: string[]
}

export interface LiveEvent {
  id: number
  storedAt: string | null
  event: CanonicalEvent
}

export interface Rejected {
  id: number
  receivedAt: string
  source: string
  status: number | null
  code: string
  message: string
  index: number | null
  messageId: string | null
  body: string
}

export type Row = { kind: 'event'; key: string; data: LiveEvent } | { kind: 'rejected'; key: string; data: Rejected }

export interface Inspected {
  event: CanonicalEvent
  storedAt: string | null
  duplicates: { count: number; lastAt: string | null }
  request: {
    source: string
    door: string
    receivedAt: string
    encoding: string | null
    bytes: number
    receivedBytes: number
    events: number
    place: number
    call: string
    envelope: string
  } | null
}

export interface RefusalGroup {
  code: string
  count: number
  firstAt: string
  lastAt: string
  examples: Omit<Rejected, 'code'>[]
}

export interface LossGroup {
  reason: string
  events: number
  pages: number
  firstSeen: string
  lastSeen: string
  days: { day: string; events: number; pages: number }[]
}

export interface QuarantineAnswer {
  held: number
  expired: number
  names: {
    type: string
    name: string
    events: number
    firstAt: string
    lastAt: string
    messages: string[]
    example: string
    allowedNow: boolean
  }[]
}

export interface Sighting {
  site: string | null
  scriptAt: string | null
  sentAt: string | null
}

export interface Warning {
  code: string
  message: string
  others?: string[]
  field?: string
}

export interface CatalogueName {
  type: string
  name: string
  events: number
  firstSeen: string
  lastSeen: string
  last24Hours: number[]
  fields: number
  warnings: Warning[]
}

export interface CatalogueDetail {
  type: string
  name: string
  /** At the moment that the fields are of. */
  events: number
  hours: { at: string; events: number }[]
  fields: { field: string; type: string; events: number; firstSeen: string; lastSeen: string; examples: string[] }[]
}

export interface Figures {
  status: string
  version: string
  lastStoredAt: string | null
  lastError?: string
  lag: { entries: number; bytes: number }
  worker: { state: string; restarts: number }
  startedAt: string
  requests: number
  verdicts: { accepted: number; duplicate: number; rejected: number; quarantined: number; ignored: number }
  rejectedByCode: Record<string, number>
  refusedByCode: Record<string, number>
  perSecond: number
  storedEver: number
  lostInBrowsers: number
  bytes: { store: number; log: number }
  memoryBytes: number
  liveReaders: number
  refusalsNotRecorded: number
  series: { fromMs: number; accepted: number[]; rejected: number[] }
}

// ---- People, accounts, funnel: docs/read-api.md ----

export interface Profile {
  id: string
  userId: string | null
  userIds: string[]
  anonymousIds: string[]
  emails: string[]
  traits: Record<string, unknown>
  accounts: string[]
  automaticAccount: string | null
  verified: boolean
  firstSeen: string | null
  lastSeen: string | null
  events: number
}

export interface AccountRow {
  id: string
  automatic: boolean
  traits: Record<string, unknown>
  memberCount: number
}

export interface AccountDetail extends AccountRow {
  members: Profile[]
  events: number
  firstSeen: string | null
  lastSeen: string | null
  activity: { day: string; events: number; people: number }[]
  next: string | null
}

export interface Funnel {
  from: string
  to: string
  within: string
  steps: { event: string; people: number; share: number; occurred: boolean; note?: string }[]
}
