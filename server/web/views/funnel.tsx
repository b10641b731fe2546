import { useSignal } from '@preact/signals'
import { Empty, Heading, Said, Sentence, Trouble, useAnswer } from '../parts.tsx'
import { route, say } from '../route.ts'
import type { CatalogueName, Funnel } from '../shapes.ts'
import { count, shown } from '../words.ts'

const STEPS_MAX = 10

const WITHIN = { '1h': 'an hour', '24h': 'a day', '7d': '7 days', '4w': '4 weeks' }

/** How many people came from one milestone to the next. The steps stand in the address, so a funnel can be sent to a colleague. */
export function FunnelView() {
  const { query } = route.value
  const steps = stepsOf(query.get('steps'))
  const within = query.get('within') ?? '7d'
  const { answer: catalogue } = useAnswer<{ names: CatalogueName[] }>('api/v1/catalogue', 10_000)
  const asked =
    steps.length >= 2 ? `api/v1/funnel?${new URLSearchParams({ steps: JSON.stringify(steps), within })}` : null
  const { answer, trouble } = useAnswer<Funnel>(asked, 5000)
  const names = (catalogue?.names ?? [])
    .filter(({ type }) => type === 'track')
    .toSorted((left, right) => right.events - left.events)
    .map(({ name }) => name)
  const set = (next: string[]) => say({ steps: next.length > 0 ? JSON.stringify(next) : undefined })

  return (
    <section>
      <Heading title="Funnel">
        <p class="soft">How many people got from one milestone to the next, each counted once by the best attempt.</p>
      </Heading>
      <ol class="steps" aria-label="Milestones">
        {steps.map((step, at) => (
          <li key={`${at} ${step}`} data-testid="step">
            <Said text={step} />
            <button
              type="button"
              class="link"
              aria-label={`Move ${shown(step)} one step ahead`}
              disabled={at === 0}
              onClick={() => set(swapped(steps, at))}
            >
              ←
            </button>
            <button
              type="button"
              class="link"
              aria-label={`Leave out ${shown(step)}`}
              onClick={() => set(steps.filter((_, place) => place !== at))}
            >
              ✕
            </button>
          </li>
        ))}
        {steps.length < STEPS_MAX && (
          <li class="add">
            <Add names={names.filter((name) => !steps.includes(name))} onAdd={(name) => set([...steps, name])} />
          </li>
        )}
      </ol>
      <p>
        <label>
          All within{' '}
          <select value={within} data-testid="within" onChange={(event) => say({ within: event.currentTarget.value })}>
            {Object.entries(WITHIN).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>{' '}
          of the first
        </label>
      </p>
      <Trouble sentence={trouble} />
      {steps.length < 2 && catalogue && names.length === 0 && (
        <Empty title="No events to choose from yet">
          <p>
            Milestones are names of <code>track</code> calls. <a href="#/start">Get started</a>
          </p>
        </Empty>
      )}
      {steps.length < 2 && names.length > 0 && (
        <Empty title="Choose two milestones or more">
          <p>In the order in which people should reach them, such as signed_up, then project_created, then invited.</p>
        </Empty>
      )}
      {answer && steps.length >= 2 && <Drawn {...answer} />}
    </section>
  )
}

/** JSON, since a name may hold anything. */
function stepsOf(said: string | null): string[] {
  try {
    const steps: unknown = JSON.parse(said ?? '[]')
    return Array.isArray(steps) ? steps.filter((step) => typeof step === 'string').slice(0, STEPS_MAX) : []
  } catch {
    return []
  }
}

const swapped = (steps: string[], at: number) => steps.with(at, steps[at - 1]!).with(at - 1, steps[at]!)

function Add({ names, onAdd }: { names: string[]; onAdd(name: string): void }) {
  const chosen = useSignal('')
  return (
    <select
      aria-label="Add a milestone"
      data-testid="add-step"
      value={chosen.value}
      onChange={(event) => {
        const { value } = event.currentTarget
        if (value) onAdd(value)
        chosen.value = ''
        event.currentTarget.value = ''
      }}
    >
      <option value="">Add a milestone …</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {shown(name, 80)}
        </option>
      ))}
    </select>
  )
}

function Drawn({ steps, from, to }: Funnel) {
  const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`
  return (
    <>
      <ol class="funnel" data-testid="funnel">
        {steps.map(({ event, people, share, note }, at) => {
          const before = steps[at - 1]?.people
          return (
            <li key={`${at} ${event}`} data-people={people}>
              <span class="funnel-name">
                <Said class="title" text={event} />
                <b>{count(people)}</b>
              </span>
              <span class="funnel-bar" style={{ '--share': share }} aria-hidden="true" />
              <small>
                {at === 0 ? `${people === 1 ? 'person' : 'people'} began` : `${percent(share)} of all`}
                {before !== undefined &&
                  before > 0 &&
                  `, ${percent(people / before)} of the step before, ${count(before - people)} left`}
                {note && (
                  <>
                    {' '}
                    · <Sentence text={note} />
                  </>
                )}
              </small>
            </li>
          )
        })}
      </ol>
      <p class="soft">
        From {from} to {to}.
      </p>
    </>
  )
}
