import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { account, addressOf, HOST } from '../api.ts'
import { serverNowMs } from '../now.ts'
import { Ago, Code, Copy, Heading, Notice, Said, Sentence, TypeTag, useAnswer, Who } from '../parts.tsx'
import { linkTo } from '../route.ts'
import type { LiveEvent, Rejected, Sighting } from '../shapes.ts'
import { openStream, type StreamState } from '../stream.ts'
import type { TryOutcome } from '../try.ts'
import { duration, titleOf } from '../words.ts'
import { adviceOf } from './advice.ts'

/** A page that has airhop.js and sent nothing for so long will not by itself. */
const SILENT_MS = 4000

/** Ids of the newest events, among which the test event is looked for. */
const RECENT_IDS = 200

/** What was seen or refused earlier has nothing to do with what is waited for now. */
const RECENT_MS = 10 * 60_000

interface Snippet {
  version: string
  script: string
  integrity: string
  stub: string
}

export function StartView() {
  const [writeKey = ''] = account.value!.writeKeys
  return (
    <section class="start">
      <Heading title="Get started">
        <p class="soft">Two minutes from here to the first event of your own page.</p>
      </Heading>
      <div class="start-columns">
        <div>
          <h2>
            <span class="step">1</span> Put this into your page
          </h2>
          <Install writeKey={writeKey} />
        </div>
        <div>
          <h2>
            <span class="step">2</span> See it arrive
          </h2>
          <Arrival writeKey={writeKey} />
        </div>
      </div>
    </section>
  )
}

const WAYS = ['Snippet', 'With SRI', 'npm', 'curl'] as const

function Install({ writeKey }: { writeKey: string }) {
  const { answer: snippet, trouble } = useAnswer<Snippet>('v1/snippet')
  const way = useSignal<(typeof WAYS)[number]>('Snippet')
  const tabs = useRef<HTMLDivElement>(null)
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    way.value = WAYS[(WAYS.indexOf(way.value) + step + WAYS.length) % WAYS.length]!
    requestAnimationFrame(() => tabs.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus())
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label="Ways to install" ref={tabs} onKeyDown={onKey}>
        {WAYS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`tab-${each}`}
            aria-selected={way.value === each}
            aria-controls="install"
            tabIndex={way.value === each ? 0 : -1}
            onClick={() => {
              way.value = each
            }}
          >
            {each}
          </button>
        ))}
      </div>
      <div id="install" role="tabpanel" aria-labelledby={`tab-${way.value}`}>
        {trouble && <Notice tone="warn">{trouble}</Notice>}
        {way.value === 'npm' && <Code text="npm install airhop" label="Command" testid="install-command" />}
        <Code text={codeOf(way.value, writeKey, snippet)} label={`${way.value} code`} testid="install-code" />
        <p class="soft">{HINTS[way.value]}</p>
      </div>
      <dl class="facts keys">
        <dt>Write key</dt>
        <dd>
          <code class="mono" data-testid="write-key">
            {writeKey}
          </code>{' '}
          <Copy text={writeKey} />
        </dd>
        <dt>Host</dt>
        <dd>
          <code class="mono">{HOST}</code>
        </dd>
      </dl>
    </>
  )
}

const HINTS: Record<(typeof WAYS)[number], string> = {
  Snippet: 'Into the <head>. Calls made before the script is there are kept and sent.',
  'With SRI': 'The browser refuses a script that is not byte for byte this version: you update by changing the tag.',
  npm: 'Typed, and the same SDK. Importing does nothing; it is safe on a server.',
  curl: 'From a shell or a server: any language that speaks HTTP.',
}

function codeOf(way: (typeof WAYS)[number], writeKey: string, snippet: Snippet | undefined): string {
  const stub = snippet ? `<script>${snippet.stub}</script>\n` : ''
  const calls = `<script>\n  airhop.page()\n  // airhop.track('signed_up', { plan: 'pro' })\n  // airhop.identify('user_42', { email: 'mara@example.com' })\n</script>`
  switch (way) {
    case 'Snippet':
      return `${stub}<script src="${HOST}/airhop.js" data-key="${writeKey}" async></script>\n${calls}`
    case 'With SRI':
      return `${stub}<script src="${addressOf((snippet?.script ?? '/airhop.js').slice(1))}" data-key="${writeKey}"\n  integrity="${snippet?.integrity ?? ''}" crossorigin="anonymous" async></script>\n${calls}`
    case 'npm':
      return `import { createAirhop } from 'airhop'\n\nconst airhop = createAirhop({ key: '${writeKey}', host: '${HOST}' })\nairhop.page()\nairhop.track('signed_up', { plan: 'pro' })`
    case 'curl':
      return `curl ${HOST}/ingest/v1/track \\\n  -H 'Authorization: Bearer ${writeKey}' \\\n  -d '{"userId":"user_42","event":"signed_up","properties":{"plan":"pro"}}'`
  }
}

// ---- What arrives, or why nothing does ----

function Arrival({ writeKey }: { writeKey: string }) {
  const newest = useSignal<LiveEvent | undefined>(undefined)
  const fresh = useSignal(false)
  const recentIds = useSignal<string[]>([])
  const rejected = useSignal<Rejected[]>([])
  const state = useSignal<StreamState>('connecting')

  useEffect(() => {
    const stop = new AbortController()
    const openedMs = serverNowMs()
    void openStream(
      {
        query: new URLSearchParams({ last: '1' }),
        onRows(rows) {
          for (const row of rows) {
            if (row.kind === 'event') {
              fresh.value = Date.parse(row.data.storedAt ?? row.data.event.receivedAt) >= openedMs - 1000
              newest.value = row.data
              recentIds.value = [row.data.event.messageId, ...recentIds.value].slice(0, RECENT_IDS)
              // It works: what was refused before is no reason any more.
              if (fresh.value) rejected.value = []
            } else if (Date.parse(row.data.receivedAt) > openedMs - RECENT_MS) {
              rejected.value = [row.data, ...rejected.value].slice(0, 20)
            }
          }
        },
        onState: (next) => {
          state.value = next
        },
      },
      stop.signal,
    )
    return () => stop.abort()
  }, [])

  return (
    <>
      <div
        class="arrival"
        data-testid="arrival"
        data-state={newest.value ? (fresh.value ? 'arrived' : 'earlier') : 'waiting'}
      >
        {newest.value ? <Arrived row={newest.value} fresh={fresh.value} /> : <Waiting state={state.value} />}
      </div>
      {/* Said once: at a hundred events a second nobody could listen to each. */}
      <p class="unseen" aria-live="polite">
        {fresh.value && 'An event has arrived.'}
      </p>
      <Reasons rejected={rejected.value} writeKey={writeKey} since={newest.value?.event.receivedAt} />
      <Try writeKey={writeKey} recentIds={recentIds.value} />
      <Check writeKey={writeKey} />
    </>
  )
}

const Waiting = ({ state }: { state: StreamState }) => (
  <>
    <p class="arrival-title">
      <span class="beat" aria-hidden="true" />
      Waiting for your first event…
    </p>
    <p class="soft">
      {state === 'lost'
        ? 'The connection to the server is lost; trying again.'
        : 'Open your page with the snippet in it. It appears here within half a second, or the reason why it does not.'}
    </p>
  </>
)

function Arrived({ row: { event, storedAt }, fresh }: { row: LiveEvent; fresh: boolean }) {
  const tookMs = storedAt ? Date.parse(storedAt) - Date.parse(event.timestamp) : Number.NaN
  return (
    <>
      <p class="arrival-title">{fresh ? 'It arrived' : 'Your newest event'}</p>
      <p class="arrival-event" data-testid="arrived-event" data-message-id={event.messageId}>
        <TypeTag type={event.type} /> <Said class="title" text={titleOf(event)} />
        <Who anonymousId={event.anonymousId} userId={event.userId} />
      </p>
      <p class="soft">
        stored <Ago at={storedAt ?? event.receivedAt} />
        {tookMs >= 0 && tookMs < 86_400_000 && `, ${duration(tookMs)} after the call`} ·{' '}
        <a href={linkTo('live', { open: event.messageId })}>look at it</a> · <a href="#/live">all events, live</a>
      </p>
    </>
  )
}

/** Why nothing arrives, as far as a server can know. */
function Reasons({ rejected, writeKey, since }: { rejected: Rejected[]; writeKey: string; since: string | undefined }) {
  const { answer } = useAnswer<{ sightings: Sighting[] }>('api/v1/sightings', 1000)
  const byCode = Map.groupBy(rejected, ({ code }) => code)
  const silent = (answer?.sightings ?? []).filter((sighting) => isSilent(sighting, since))
  return (
    <div class="reasons" aria-live="polite">
      {[...byCode].map(([code, [latest]]) => (
        <Notice tone="warn" key={code}>
          <div data-testid="reason" data-code={code}>
            <p>
              <b>{adviceOf(code).title}.</b> A request came in <Ago at={latest!.receivedAt} /> and was refused.
            </p>
            <p class="sentence">
              <Sentence text={latest!.message} />
            </p>
            {code === 'invalid_write_key' && (
              <p>
                The write key of this workspace is <code class="mono">{writeKey}</code> <Copy text={writeKey} />
              </p>
            )}
            <p>
              <a href={linkTo('refused', { code })}>What was sent, and what to do</a>
            </p>
          </div>
        </Notice>
      ))}
      {silent.map(({ site, scriptAt }) => (
        <Notice tone="warn" key={site}>
          <div data-testid="reason" data-code="silent_page">
            <p>
              <b>airhop.js was loaded, and nothing was sent.</b>{' '}
              <Said text={site ?? 'A page that does not say its address'} /> asked for it <Ago at={scriptAt} />.
            </p>
            <ul>
              <li>
                Its <b>Content-Security-Policy</b> does not allow it: add <code>{HOST}</code> to{' '}
                <code>connect-src</code>.
              </li>
              <li>
                An <b>ad blocker</b> stops the request: try it without, or serve this server under your own domain.
              </li>
              <li>The page makes no call: airhop.js sends nothing by itself.</li>
            </ul>
            <p>The check below tells them apart.</p>
          </div>
        </Notice>
      ))}
    </div>
  )
}

function isSilent({ site, scriptAt, sentAt }: Sighting, since: string | undefined): boolean {
  if (!scriptAt || site === location.origin || (sentAt && sentAt >= scriptAt)) return false
  if (since && since >= scriptAt) return false
  const ageMs = serverNowMs() - Date.parse(scriptAt)
  return ageMs > SILENT_MS && ageMs < RECENT_MS
}

/** Runs the real airhop.js in a frame, as a customer's page would. */
function Try({ writeKey, recentIds }: { writeKey: string; recentIds: string[] }) {
  const run = useSignal(0)
  const outcome = useSignal<{ tone: 'plain' | 'good' | 'warn'; sentence: string } | undefined>(undefined)
  const sent = useSignal<string | undefined>(undefined)

  useEffect(() => {
    const onMessage = async ({ data, origin }: MessageEvent<TryOutcome>) => {
      if (origin !== location.origin || data?.airhopTry !== true) return
      outcome.value = await explain(data)
      if (data.status === 'stored') sent.value = data.messageId
    }
    addEventListener('message', onMessage)
    return () => removeEventListener('message', onMessage)
  }, [])

  const seen = sent.value !== undefined && recentIds.includes(sent.value)
  useEffect(() => {
    if (!seen) return
    const sentence = 'Sent, stored, and here it is: script, network, key and server work.'
    outcome.value = { tone: 'good', sentence }
  }, [seen])
  return (
    <div class="try">
      <button
        type="button"
        class="button main"
        data-testid="try"
        onClick={() => {
          outcome.value = { tone: 'plain', sentence: 'Loading airhop.js and sending …' }
          sent.value = undefined
          run.value += 1
        }}
      >
        Send a test event
      </button>
      <span class="soft">runs the real airhop.js, from this browser</span>
      {outcome.value && (
        <div role="status" data-testid="try-outcome">
          <Notice tone={outcome.value.tone}>{outcome.value.sentence}</Notice>
        </div>
      )}
      {run.value > 0 && (
        <iframe
          key={run.value}
          class="unseen"
          title="Sends the test event"
          aria-hidden="true"
          tabIndex={-1}
          src={`${addressOf('web/try.html')}?key=${encodeURIComponent(writeKey)}`}
        />
      )}
    </div>
  )
}

async function explain({ status, reason }: TryOutcome): Promise<{ tone: 'plain' | 'good' | 'warn'; sentence: string }> {
  const warn = (sentence: string) => ({ tone: 'warn' as const, sentence })
  if (status === 'stored') return { tone: 'plain', sentence: 'The server has taken it.' }
  const reachable = await fetch(addressOf('health'), { cache: 'no-store' }).then(
    () => true,
    () => false,
  )
  if (!reachable) return warn('The server does not answer: is it still running?')
  if (status === 'script_blocked')
    return warn('airhop.js could not be loaded although the server answers: an ad blocker stops it.')
  if (status === 'csp') return warn(`A Content-Security-Policy stops it: ${reason}.`)
  if (reason === 'http_403')
    return warn(
      `The server refuses events of this origin (403): ${location.origin} is not among allowedOrigins of this workspace. The key is right.`,
    )
  if (status === 'saved' && /^http_/.test(reason ?? ''))
    return warn(`The server refused the key (${reason!.slice(5)}).`)
  if (status === 'saved')
    return warn(
      'The request was stopped in this browser although the server answers: an ad blocker or a filter of the network. airhop.js keeps the event and tries again.',
    )
  return warn(`It was ${status}: ${reason ?? 'no reason given'}.`)
}

const Check = ({ writeKey }: { writeKey: string }) => (
  <details class="check">
    <summary>Nothing arrives from your page? Check it there</summary>
    <p>
      Open your page, paste this into the console of its developer tools, and it says what stops it: the policy of the
      page, a blocker, the key, or nothing at all.
    </p>
    <Code text={checkOf(writeKey)} label="Check for the console" testid="check-code" />
  </details>
)

const checkOf = (writeKey: string) => `(async (host, writeKey) => {
  const say = (words) => console.info('airhop check: ' + words)
  const onPolicy = (event) => say('the Content-Security-Policy stops it: ' + event.effectiveDirective + ' must allow ' + host)
  addEventListener('securitypolicyviolation', onPolicy)
  say(window.airhop?.VERSION ? 'airhop.js ' + airhop.VERSION + ' runs here: ' + JSON.stringify(airhop.stats()) : 'airhop.js does not run on this page')
  try {
    const answer = await fetch(host + '/ingest/v1/batch', { method: 'POST', body: JSON.stringify({ writeKey, batch: [] }) })
    say(answer.ok ? 'requests from here arrive, and the key is right' : 'the server refuses: ' + (await answer.text()))
  } catch {
    await new Promise((done) => setTimeout(done, 100))
    say('the request did not arrive. Without a line about a policy above, an ad blocker or the network stopped it')
  }
  removeEventListener('securitypolicyviolation', onPolicy)
})('${HOST}', '${writeKey}')`
