import { signal } from '@preact/signals'
import { type ComponentType, render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { account, Refusal, read, resume, signIn, signInTrouble, signOut } from './api.ts'
import { route, takeToken } from './route.ts'
import type { Account } from './shapes.ts'
import { AccountsView } from './views/accounts.tsx'
import { CatalogueView } from './views/catalogue.tsx'
import { FunnelView } from './views/funnel.tsx'
import { HealthView } from './views/health.tsx'
import { LiveView } from './views/live.tsx'
import { PeopleView } from './views/people.tsx'
import { RefusedView } from './views/refused.tsx'
import { StartView } from './views/start.tsx'
import { shown } from './words.ts'
import './style.css'

interface View {
  path: string
  label: string
  /** On a phone, if it is shorter. */
  short?: string
  /** 20 × 20, one path. */
  icon: string
  show: ComponentType
}

const VIEWS: View[] = [
  { path: 'start', label: 'Get started', short: 'Start', icon: 'M4 3v14M4 4h9l-2 3 2 3H4', show: StartView },
  { path: 'live', label: 'Live', icon: 'M2 10h4l2-6 4 12 2-6h4', show: LiveView },
  { path: 'refused', label: 'Refused', icon: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M5 15 15 5', show: RefusedView },
  {
    path: 'people',
    label: 'People',
    icon: 'M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M3 17c1-5 13-5 14 0',
    show: PeopleView,
  },
  {
    path: 'accounts',
    label: 'Accounts',
    icon: 'M4 17V4h8v13M12 8h4v9M2 17h16M7 7h2M7 10h2M7 13h2',
    show: AccountsView,
  },
  { path: 'catalogue', label: 'Events', icon: 'M3 5h14M3 10h14M3 15h8', show: CatalogueView },
  { path: 'funnel', label: 'Funnel', icon: 'M3 4h14l-5.500 7v5l-3-2v-3z', show: FunnelView },
  { path: 'health', label: 'Health', icon: 'M3 16v-5M8 16V7M13 16v-7M18 16V4', show: HealthView },
]

function SignIn() {
  const [busy, setBusy] = useState(false)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    const said = new FormData(event.target as HTMLFormElement).get('token') as string
    await tryToken(said.trim())
    setBusy(false)
  }
  return (
    <main class="lone">
      <Mark />
      <h1>Show the admin token</h1>
      <p>
        The server prints it when it starts, and keeps it in <code>keys.json</code> of its data folder. This browser is
        asked once.
      </p>
      <form onSubmit={submit} data-testid="token-form">
        <label for="token">Admin token</label>
        <div class="field">
          <input
            id="token"
            name="token"
            data-testid="token"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            placeholder="at_…"
            aria-invalid={signInTrouble.value !== ''}
            aria-describedby="token-trouble"
            required
          />
          <button type="submit" class="button main" disabled={busy}>
            Open
          </button>
        </div>
        <p id="token-trouble" class="trouble" role="alert" data-testid="trouble" hidden={!signInTrouble.value}>
          {signInTrouble.value}
        </p>
      </form>
    </main>
  )
}

async function tryToken(token: string): Promise<void> {
  try {
    signInTrouble.value = ''
    await signIn(token)
  } catch (error) {
    signInTrouble.value = error instanceof Refusal ? error.message : 'The server does not answer.'
    account.value ??= null
  }
}

const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M5 23c1-9 7-9 8 0 1-13 9-13 10 0" />
    <circle cx="25.5" cy="22.5" r="2.6" />
  </svg>
)

const SignOut = () => (
  <button type="button" class="leave" onClick={() => void signOut()}>
    Sign out
  </button>
)

function Page({ workspace, version }: Account) {
  const { view } = route.value
  const current = VIEWS.find(({ path }) => path === view)
  useEffect(() => {
    if (current) document.title = `${current.label} · airhop`
    else void chooseView()
  }, [view])
  if (!current) return null
  const { show: Show } = current
  return (
    <div class="page">
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        Skip to content
      </button>
      <nav aria-label="Views">
        <a class="brand" href="#/start">
          <Mark />
          <span>
            <b>airhop</b>
            <small title={`airhop-ingest ${version}`}>{shown(workspace, 40)}</small>
          </span>
        </a>
        <ul>
          {VIEWS.map(({ path, label, short, icon }) => (
            <li key={path}>
              <a href={`#/${path}`} aria-current={path === view ? 'page' : undefined} data-testid={`nav-${path}`}>
                <svg viewBox="0 0 20 20" aria-hidden="true">
                  <path d={icon} />
                </svg>
                {short ? (
                  <>
                    <span class="wide-only">{label}</span>
                    <span class="phone-only">{short}</span>
                  </>
                ) : (
                  label
                )}
              </a>
            </li>
          ))}
        </ul>
        <SignOut />
      </nav>
      <main id="content" tabIndex={-1}>
        <Show key={view} />
        <div class="phone-only">
          <SignOut />
        </div>
      </main>
    </div>
  )
}

/** Whoever has events wants to see them; in a frame beside the demo they are all that is wanted. */
async function chooseView(): Promise<void> {
  const { events } = await read<{ events: unknown[] }>('api/v1/events?order=desc&limit=1').catch(() => ({ events: [] }))
  const first = window.self !== window.top || events.length > 0 ? 'live' : 'start'
  location.replace(`#/${first}`)
}

function App() {
  if (account.value === undefined)
    return (
      <p class="lone" role="status">
        {unreachable.value}
      </p>
    )
  return account.value === null ? <SignIn /> : <Page {...account.value} />
}

const unreachable = signal('')

async function begin(): Promise<void> {
  const token = takeToken()
  if (token) return tryToken(token)
  for (;;) {
    try {
      return await resume()
    } catch {
      unreachable.value = 'The server does not answer. Trying again …'
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

addEventListener('hashchange', () => {
  const token = takeToken()
  if (token) void tryToken(token)
})
render(<App />, document.getElementById('app')!)
void begin()
