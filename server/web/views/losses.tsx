import { Ago, Said, Sentence, Trouble, useAnswer } from '../parts.tsx'
import type { LossGroup } from '../shapes.ts'
import { counted } from '../words.ts'
import { lossAdviceOf } from './advice.ts'

/** What airhop.js dropped in browsers and told of with later events. */
export function Losses() {
  const { answer, trouble } = useAnswer<{ losses: LossGroup[] }>('api/v1/losses', 5000)
  return (
    <>
      <h2>Lost in the browser, as the SDKs say</h2>
      <Trouble sentence={trouble} />
      <p class="soft">
        {answer?.losses.length === 0
          ? 'No page has told of a loss. airhop.js tells of what it drops with the next events that it sends.'
          : 'What airhop.js dropped and told of with later events, of pages of the last 30 days.'}
      </p>
      <div class="cards">
        {answer?.losses.map((group) => (
          <Loss key={group.reason} {...group} />
        ))}
      </div>
    </>
  )
}

function Loss({ reason, events, pages, firstSeen, lastSeen }: LossGroup) {
  const { title, why, todo } = lossAdviceOf(reason)
  return (
    <article class="card" data-testid="loss" data-reason={reason}>
      <header>
        <h3>
          <Said text={title} />
        </h3>
        <span class="pill warn">{counted(events, 'event')}</span>
        <span class="soft">
          on {counted(pages, 'page')} · last <Ago at={lastSeen} /> · first <Ago at={firstSeen} /> ·{' '}
          <Said class="mono" text={reason} />
        </span>
      </header>
      <p class="sentence">
        <Sentence text={why} />
      </p>
      <p class="todo">
        <b>What to do.</b> <Sentence text={todo} />
      </p>
    </article>
  )
}
