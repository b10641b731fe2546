import { Chart } from '../chart.tsx'
import { serverNowMs } from '../now.ts'
import { Ago, byArrows, Empty, Heading, Said, SearchField, Trouble, useAnswer } from '../parts.tsx'
import { linkTo, route } from '../route.ts'
import type { AccountDetail, AccountRow } from '../shapes.ts'
import { count, counted } from '../words.ts'

const DAY_MS = 86_400_000
const DAYS = 30

/** Accounts of a list. */
const SHOWN = 100

export function AccountsView() {
  const { query } = route.value
  const id = query.get('id')
  return id ? <Account id={id} /> : <Search search={query.get('search') ?? ''} />
}

const nameOf = ({ id, traits }: AccountRow) => (typeof traits.name === 'string' && traits.name ? traits.name : id)

function Search({ search }: { search: string }) {
  const path = `api/v1/accounts?${new URLSearchParams({ limit: String(SHOWN), ...(search.length > 1 && { search }) })}`
  const { answer, trouble } = useAnswer<{ accounts: AccountRow[]; next: string | null }>(path, 5000)
  return (
    <section>
      <Heading title="Accounts">
        <p class="soft">Companies: named by a group call, or made from the domain of business e-mail addresses.</p>
      </Heading>
      <SearchField of="accounts" placeholder="Name or id" />
      <Trouble sentence={trouble} />
      {answer?.accounts.length === 0 && (
        <Empty title={search ? 'No account found' : 'No accounts yet'}>
          <p>
            <code>airhop.group('acme', {'{ name: "Acme" }'})</code> makes one.
          </p>
        </Empty>
      )}
      <ul class="people" onKeyDown={byArrows}>
        {answer?.accounts.map((account) => (
          <li key={account.id} data-testid="account" data-id={account.id}>
            <a data-line href={linkTo('accounts', { id: account.id })}>
              <span class="person-name">
                <Said class="title" text={nameOf(account)} />
                <Said class="soft" text={account.id} />
              </span>
              <span class="soft number">{counted(account.memberCount, 'member')}</span>
              <span class="soft">{account.automatic ? 'by domain' : ''}</span>
            </a>
          </li>
        ))}
      </ul>
      {answer?.next && <p class="soft">These are the first {SHOWN}. Search to find others.</p>}
    </section>
  )
}

function Account({ id }: { id: string }) {
  const { answer: account, trouble } = useAnswer<AccountDetail>(`api/v1/accounts/${encodeURIComponent(id)}`, 5000)
  return (
    <section>
      <a class="back" href="#/accounts">
        Accounts
      </a>
      <Trouble sentence={trouble} />
      {account && (
        <>
          <header class="heading">
            <h1>
              <Said text={nameOf(account)} />
            </h1>
            <p class="soft">
              <Said text={account.id} />
              {account.automatic && ', made from the domain of its members’ e-mail addresses'} ·{' '}
              {counted(account.events, 'event')} · last seen <Ago at={account.lastSeen} />
            </p>
          </header>
          <Activity activity={account.activity} />
          <div class="person-columns">
            <div>
              <h2>{counted(account.memberCount, 'member')}</h2>
              <ul class="people">
                {account.members.map((member) => (
                  <li key={member.id} data-testid="member" data-id={member.id}>
                    <a href={linkTo('people', { id: member.id })}>
                      <span class="person-name">
                        <Said
                          class="title"
                          text={(typeof member.traits.name === 'string' && member.traits.name) || member.id}
                        />
                        <Said class="soft" text={member.emails[0] ?? member.id} />
                      </span>
                      <span class="soft number">{counted(member.events, 'event')}</span>
                      <span class="soft">
                        <Ago at={member.lastSeen} />
                      </span>
                    </a>
                  </li>
                ))}
              </ul>
              {account.next && <p class="soft">The first 100 are shown.</p>}
            </div>
            <aside aria-label="What is known">
              <h2>Traits</h2>
              {Object.keys(account.traits).length === 0 && <p class="soft">None.</p>}
              <dl class="traits">
                {Object.entries(account.traits).map(([name, value]) => (
                  <div key={name}>
                    <dt>
                      <Said text={name} />
                    </dt>
                    <dd>
                      <Said text={typeof value === 'string' ? value : JSON.stringify(value)} />
                    </dd>
                  </div>
                ))}
              </dl>
            </aside>
          </div>
        </>
      )}
    </section>
  )
}

function Activity({ activity }: Pick<AccountDetail, 'activity'>) {
  const today = Math.floor(serverNowMs() / DAY_MS)
  const days = Array.from({ length: DAYS }, (_, at) => today - DAYS + 1 + at)
  const byDay = new Map(activity.map(({ day, events }) => [Math.floor(Date.parse(day) / DAY_MS), events]))
  const values = days.map((day) => byDay.get(day) ?? 0)
  return (
    <>
      <h2>Events a day, the last 30 days</h2>
      <Chart
        bars
        label={`Events a day over the last 30 days, at most ${count(Math.max(...values))}`}
        atSeconds={days.map((day) => (day * DAY_MS) / 1000)}
        series={[{ label: 'events', colour: '--accent', values }]}
      />
    </>
  )
}
