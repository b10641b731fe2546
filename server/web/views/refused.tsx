import { useEffect, useRef } from 'preact/hooks'
import { Ago, Empty, Heading, Json, Said, Sentence, Trouble, useAnswer } from '../parts.tsx'
import { route } from '../route.ts'
import type { RefusalGroup } from '../shapes.ts'
import { count, shown } from '../words.ts'
import { adviceOf } from './advice.ts'
import { Losses } from './losses.tsx'
import { Quarantine } from './quarantine.tsx'

/** They are kept, and shown as that. */
const QUARANTINED = 'contract_quarantined'

export function RefusedView() {
  const { answer, trouble } = useAnswer<{ refusals: RefusalGroup[]; notRecorded: number }>('api/v1/refusals', 2000)
  const asked = route.value.query.get('code') ?? ''
  const unrecorded =
    asked !== '' && asked !== QUARANTINED && answer?.refusals.every(({ code }) => code !== asked) === true
  return (
    <section>
      <Heading title="Refused and dropped">
        <p class="soft">What came in and was not stored, by reason. The newest 10,000 are kept.</p>
      </Heading>
      <Trouble sentence={trouble} />
      <Quarantine />
      {answer?.refusals.length === 0 && !unrecorded && (
        <Empty title="Nothing was refused">
          <p>
            What came here is stored, or was told to come again (429 and 503 are counted under{' '}
            <a href="#/health">Health</a>). If an event is missing all the same, it never left its page: see below.
          </p>
        </Empty>
      )}
      {answer && unrecorded && <Unrecorded code={asked} />}
      <div class="cards">
        {answer?.refusals
          .filter(({ code }) => code !== QUARANTINED)
          .map((group) => (
            <Group key={group.code} group={group} open={asked === group.code} />
          ))}
      </div>
      {answer && answer.notRecorded > 0 && (
        <p class="soft">
          {count(answer.notRecorded)} more refused requests came faster than they are recorded (100 a minute).
        </p>
      )}
      <Losses />
      {answer && <NeverArrived />}
    </section>
  )
}

function Group({ group, open }: { group: RefusalGroup; open: boolean }) {
  const { title, todo } = adviceOf(group.code)
  const sentences = [...new Set(group.examples.map(({ message }) => message))]
  const card = useRef<HTMLElement>(null)
  useEffect(() => {
    if (open) card.current!.scrollIntoView()
  }, [open])
  return (
    <article ref={card} class="card" data-testid="refusal-group" data-code={group.code}>
      <header>
        <h2>
          <Said text={title} />
        </h2>
        <span class="pill warn">{count(group.count)}×</span>
        <span class="soft">
          last <Ago at={group.lastAt} />
        </span>
      </header>
      {sentences.slice(0, 3).map((sentence) => (
        <p class="sentence" key={sentence}>
          <Sentence text={sentence} />
        </p>
      ))}
      <p class="todo">
        <b>What to do.</b> <Sentence text={todo} />
      </p>
      <details open={open}>
        <summary>
          {group.examples.length} newest {group.examples.length === 1 ? 'example' : 'examples'}
        </summary>
        {group.examples.map((example) => (
          <div class="example" key={example.id}>
            <p class="soft">
              <Ago at={example.receivedAt} /> · <Said text={example.source} />
              {example.status !== null && ` · answered ${example.status}`}
              {example.index !== null && ` · call ${example.index + 1} of its request`}
              {example.messageId && (
                <>
                  {' · '}
                  <Said class="mono" text={example.messageId} />
                </>
              )}
            </p>
            <Json text={pretty(example.body)} label="What was sent" />
          </div>
        ))}
      </details>
    </article>
  )
}

/** What is counted and of which nothing is kept: what is sent again later, and what went away while it came. */
function Unrecorded({ code }: { code: string }) {
  const { title, todo } = adviceOf(code)
  return (
    <article class="card" data-testid="unrecorded" data-code={code}>
      <h2>
        <Said text={title} />
      </h2>
      <p class="sentence">
        No request of <code>{shown(code)}</code> is on record.
      </p>
      <p class="todo">
        <b>What to do.</b> <Sentence text={todo} />
      </p>
    </article>
  )
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    // Its first part only, or no JSON at all.
    return body
  }
}

const NeverArrived = () => (
  <article class="card quiet">
    <h2>What never arrived is not here</h2>
    <p>
      A request that a Content-Security-Policy, an ad blocker or a broken network stops in the browser leaves no trace
      on a server, and a page that sends nothing tells of no loss. <code>airhop.stats()</code> in the console of that
      page says what became of each call, and <a href="#/start">Get started</a> has a check to paste there.
    </p>
  </article>
)
