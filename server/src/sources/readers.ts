import { decompress, parseJson } from '../body.ts'
import type { RequestFacts, Source } from '../log/port.ts'
import { type ChurnkeyDoor, readChurnkey } from './churnkey.ts'
import type { Delivery } from './delivery.ts'
import { type HogsendDoor, readHogsend } from './hogsend.ts'
import { readHyperengage } from './hyperengage.ts'
import { readIntercom } from './intercom.ts'
import { type NativeDoor, readNative } from './native.ts'
import { decodePostHog, readPostHog } from './posthog.ts'
import { readSegment } from './segment.ts'
import { readSignalSmith, type SignalSmithDoor } from './signalsmith.ts'

/** How the body of a source is read: the same before the answer and when the log is replayed. */
interface Reader {
  /** What a body wraps once more, after its `Content-Encoding`; it may be a gzip again. */
  decode?(body: Buffer): Buffer
  read(door: string, body: unknown, facts: RequestFacts): Delivery
}

const READERS: { readonly [source in Source]: Reader } = {
  http: { read: (door, body) => readNative(door as NativeDoor, body) },
  segment: { read: (_door, body) => readSegment(body) },
  posthog: { decode: decodePostHog, read: (_door, body, facts) => readPostHog(body, facts) },
  intercom: { read: (_door, body) => readIntercom(body) },
  hyperengage: { read: (_door, body) => readHyperengage(body) },
  churnkey: { read: (door, body, facts) => readChurnkey(door as ChurnkeyDoor, body, facts) },
  hogsend: { read: (door, body, facts) => readHogsend(door as HogsendDoor, body, facts) },
  signalsmith: { read: (door, body) => readSignalSmith(door as SignalSmithDoor, body) },
}

/** What a request says, and its body as its sender wrote it. Throws `payload_too_large` and `malformed_json`. */
export function readBody(source: Source, received: Buffer, encoding: string | null): { json: unknown; body: Buffer } {
  const { decode } = READERS[source]
  const outer = decompress(received, encoding)
  const body = decode ? decompress(decode(outer), null) : outer
  return { json: parseJson(body, encoding), body }
}

/** The events of a body. Throws the refusals of its source. */
export const readEvents = (source: Source, door: string, json: unknown, facts: RequestFacts): Delivery =>
  READERS[source].read(door, json, facts)
