import { useSignal } from '@preact/signals'
import { ask, Refusal } from '../api.ts'
import { Ago, Json, Notice, Said, Sentence, Trouble, TypeTag, useAnswer } from '../parts.tsx'
import type { QuarantineAnswer } from '../shapes.ts'
import { count, counted } from '../words.ts'

/** Events that the contract has set aside; nothing while there are none. */
export function Quarantine() {
  const { answer, trouble } = useAnswer<QuarantineAnswer>('api/v1/quarantine/names', 3000)
  const released = useSignal<{ tone: 'plain' | 'good' | 'warn'; sentence: string } | undefined>(undefined)
  const release = async () => {
    released.value = { tone: 'plain', sentence: 'Releasing …' }
    try {
      const response = await ask('api/v1/quarantine/replay', { method: 'POST' })
      released.value = outcomeOf((await response.json()) as { replayed: number; kept: number })
    } catch (error) {
      const sentence = error instanceof Refusal ? error.message : 'The server does not answer. Try again.'
      released.value = { tone: 'warn', sentence }
    }
  }
  const { held = 0, expired = 0, names = [] } = answer ?? {}
  const others = held - names.reduce((sum, { events }) => sum + events, 0)
  return (
    <>
      <Trouble sentence={trouble} />
      {(held > 0 || expired > 0 || released.value) && (
        <section class="quarantine" data-testid="quarantine">
          <header class="heading">
            <h2>
              Quarantine{' '}
              <span class="pill warn" data-testid="held">
                {counted(held, 'event')}
              </span>
            </h2>
            <button type="button" class="button main" data-testid="release" disabled={held === 0} onClick={release}>
              Release what the contract allows
            </button>
          </header>
          <p class="soft">
            They are not as the contract of this workspace says, and are kept for 30 days. Mend the contract, start the
            server again, and release them: they are stored with the ids and times that they came with.
            {expired > 0 && ` ${count(expired)} were let go of because they were too old or too many.`}
          </p>
          {released.value && (
            <div role="status" data-testid="released">
              <Notice tone={released.value.tone}>{released.value.sentence}</Notice>
            </div>
          )}
          <div class="cards">
            {names.map((group) => (
              <Name key={`${group.type} ${group.name}`} {...group} />
            ))}
          </div>
          {others > 0 && <p class="soft">{count(others)} more have other names.</p>}
        </section>
      )}
    </>
  )
}

function outcomeOf({ replayed, kept }: { replayed: number; kept: number }): {
  tone: 'plain' | 'good'
  sentence: string
} {
  const stays = `${count(kept)} ${kept === 1 ? 'is' : 'are'} still not as the contract says`
  if (replayed === 0) return { tone: 'plain', sentence: `Nothing was released: ${stays}.` }
  return { tone: 'good', sentence: `${count(replayed)} released${kept > 0 ? `; ${stays}` : ''}.` }
}

function Name({ type, name, events, lastAt, messages, example, allowedNow }: QuarantineAnswer['names'][number]) {
  return (
    <article class="card" data-testid="quarantined-name" data-name={name}>
      <header>
        <h3>
          <TypeTag type={type} /> <Said text={name} />
        </h3>
        <span class="pill warn">{count(events)}×</span>
        <span class="soft">
          last <Ago at={lastAt} />
        </span>
        {allowedNow && <span class="pill">the contract allows the newest by now</span>}
      </header>
      {messages.map((message) => (
        <p class="sentence" key={message}>
          <Sentence text={message} />
        </p>
      ))}
      <details>
        <summary>The newest, as it will be stored</summary>
        <Json text={example} label="Event in quarantine" />
      </details>
    </article>
  )
}
