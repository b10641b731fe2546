import { Copy, Json, Said, Sheet, Trouble, TypeTag, useAnswer, Who } from '../parts.tsx'
import { linkTo } from '../route.ts'
import type { Inspected } from '../shapes.ts'
import { ago, bytes, count, counted, duration, preciseMoment, titleOf } from '../words.ts'

/** All that is known of one event: how it came, what was made of it, and what was corrected. */
export function Inspect({ messageId, onClose }: { messageId: string; onClose(): void }) {
  const { answer, trouble } = useAnswer<Inspected>(`api/v1/inspect?messageId=${encodeURIComponent(messageId)}`)
  const title = answer ? (
    <>
      <TypeTag type={answer.event.type} /> <Said text={titleOf(answer.event)} />
    </>
  ) : (
    'Event'
  )
  return (
    <Sheet title={title} onClose={onClose}>
      <Trouble sentence={trouble} />
      {answer && <Detail {...answer} />}
    </Sheet>
  )
}

function Detail({ event, storedAt, duplicates, request }: Inspected) {
  const canonical = JSON.stringify(event, null, 2)
  const who = event.userId ?? event.anonymousId
  return (
    <>
      <Journey event={event} storedAt={storedAt} />
      <dl class="facts">
        <dt>Who</dt>
        <dd>
          <Who anonymousId={event.anonymousId} userId={event.userId} />{' '}
          {who && <a href={linkTo('live', { who })}>only these events</a>}
        </dd>
        <dt>Source</dt>
        <dd>
          <Said text={event.source} />
          {request && <span class="soft"> · {request.door}</span>} · {event.verified ? 'verified' : 'not verified'}
        </dd>
        <dt>Duplicates</dt>
        <dd data-testid="duplicates">
          {duplicates.count === 0
            ? 'none: it came once'
            : `it came ${counted(duplicates.count, 'more time')}, last ${ago(duplicates.lastAt)}, and is stored once`}
        </dd>
        <dt>messageId</dt>
        <dd>
          <Said class="mono" text={event.messageId} />
        </dd>
      </dl>
      {event.warnings && (
        <ul class="warnings">
          {event.warnings.map((warning) => (
            <li>
              <Said text={warning} />
            </li>
          ))}
        </ul>
      )}
      <h3>
        Canonical event <Copy text={canonical} />
      </h3>
      <Json text={canonical} label="Canonical event as JSON" />
      <h3>As it came {request && <Copy text={request.call} />}</h3>
      {request ? (
        <>
          <p class="soft">
            Call {request.place + 1} of {count(request.events)} in a request of {bytes(request.bytes)}
            {request.receivedBytes !== request.bytes && `, ${bytes(request.receivedBytes)} compressed`}.
          </p>
          <Json text={request.call} label="The call as it came" />
          {request.envelope !== '{}' && (
            <>
              <h3>Its envelope, which stands under every call of the request</h3>
              <Json text={request.envelope} label="The envelope as it came" />
            </>
          )}
        </>
      ) : (
        <p class="soft">
          The log has let go of this request: it keeps the newest 256 MiB for at most 7 days. The event itself stays.
        </p>
      )}
    </>
  )
}

/** The way of an event through time, and what its sender's clock was off by. */
function Journey({ event, storedAt }: Pick<Inspected, 'event' | 'storedAt'>) {
  const ms = (iso: string | null) => (iso === null ? Number.NaN : Date.parse(iso))
  const calledMs = ms(event.originalTimestamp)
  const sentMs = ms(event.sentAt)
  const receivedMs = ms(event.receivedAt)
  const correctedMs = ms(event.timestamp) - calledMs
  const waited = sentMs - calledMs
  const stored = ms(storedAt) - receivedMs
  const steps = [
    {
      label: 'Called',
      value: event.originalTimestamp,
      note: event.originalTimestamp ? 'by the sender’s clock' : 'not said',
    },
    { label: 'Sent', value: event.sentAt, note: Number.isNaN(waited) ? 'not said' : `${duration(waited)} later` },
    { label: 'Received', value: event.receivedAt, note: 'by the server’s clock' },
    { label: 'Stored', value: storedAt, note: Number.isNaN(stored) ? 'not noted' : `${duration(stored)} later` },
  ]
  return (
    <div class="journey" data-testid="journey">
      <ol>
        {steps.map(({ label, value, note }) => (
          <li key={label} data-there={value !== null}>
            <b>{label}</b>
            <time dateTime={value ?? undefined} title={value ?? ''}>
              {value ? preciseMoment(value) : '–'}
            </time>
            <small>{note}</small>
          </li>
        ))}
      </ol>
      <p data-testid="clock">
        {Number.isNaN(correctedMs)
          ? 'The sender said no time: it counts as having happened when it was received.'
          : correctedMs === 0
            ? 'The time was taken as it was said.'
            : `The sender’s clock was ${duration(Math.abs(correctedMs))} ${correctedMs > 0 ? 'behind' : 'ahead'} (the way through the network included): it counts as ${event.timestamp}.`}
      </p>
    </div>
  )
}
