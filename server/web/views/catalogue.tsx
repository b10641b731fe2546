import { Chart } from '../chart.tsx'
import { serverNowMs } from '../now.ts'
import {
  AddressField,
  Ago,
  byArrows,
  Empty,
  Heading,
  Said,
  Sentence,
  Sheet,
  Spark,
  Trouble,
  TypeTag,
  useAnswer,
} from '../parts.tsx'
import { linkTo, route, say } from '../route.ts'
import type { CatalogueDetail, CatalogueName, Warning } from '../shapes.ts'
import { count, counted, shown } from '../words.ts'

const WARNING_LABELS: Record<string, string> = {
  not_snake_case: 'not snake_case',
  near_duplicate: 'near-duplicate',
  renamed: 'renamed?',
  type_changed: 'type changed',
  silent: 'silent',
  too_many_names: 'too many names',
  too_many_fields: 'too many properties',
}

export function CatalogueView() {
  const { answer, trouble } = useAnswer<{ names: CatalogueName[] }>('api/v1/catalogue', 5000)
  const { query } = route.value
  const open = query.get('type') !== null
  const search = (query.get('search') ?? '').toLowerCase()
  const onlyWarned = query.get('warned') !== null

  const names = (answer?.names ?? [])
    .filter(({ name, type }) => `${name} ${type}`.toLowerCase().includes(search))
    .filter(({ warnings }) => !onlyWarned || warnings.length > 0)
    .toSorted((left, right) => right.events - left.events)
  const warned = (answer?.names ?? []).filter(({ warnings }) => warnings.length > 0).length

  return (
    <section>
      <Heading title="Events">
        <p class="soft">Every name that was ever stored, and what a careful colleague would say of it.</p>
      </Heading>
      <Trouble sentence={trouble} />
      {answer?.names.length === 0 ? (
        <Empty title="No events yet">
          <p>
            They are listed here as they come. <a href="#/start">Get started</a>
          </p>
        </Empty>
      ) : (
        <>
          <search class="filters" aria-label="Filter names">
            <AddressField parameter="search" label="Name or type" testid="catalogue-filter" />
            <label class="tick">
              <input
                type="checkbox"
                checked={onlyWarned}
                onChange={(event) => say({ warned: event.currentTarget.checked ? 'yes' : '' })}
              />
              with warnings ({warned})
            </label>
          </search>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys go through the links in it. */}
          <div class="scroll" onKeyDown={byArrows}>
            <table class="table names">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Last 24 hours</th>
                  <th scope="col" class="number">
                    Events
                  </th>
                  <th scope="col">Last seen</th>
                  <th scope="col">Warnings</th>
                </tr>
              </thead>
              <tbody>
                {names.map((each) => (
                  <NameRow key={`${each.type} ${each.name}`} {...each} />
                ))}
              </tbody>
            </table>
          </div>
          {answer && names.length === 0 && <Empty title="No name matches" />}
        </>
      )}
      {open && answer && <Detail type={query.get('type')!} name={query.get('name') ?? ''} names={answer.names} />}
    </section>
  )
}

const nameOf = ({ type, name }: { type: string; name: string }) =>
  name || (type === 'more' ? 'further names' : type === 'page' || type === 'screen' ? '(no name)' : type)

function NameRow(each: CatalogueName) {
  const { type, events, last24Hours, lastSeen, warnings } = each
  const today = last24Hours.reduce((sum, value) => sum + value, 0)
  return (
    <tr data-testid="catalogue-name" data-name={each.name}>
      <td>
        <a
          class="name"
          data-line
          href={linkTo('catalogue', { ...Object.fromEntries(route.value.query), type, name: each.name })}
        >
          <TypeTag type={type} /> <Said class="title" text={nameOf(each)} />
        </a>
      </td>
      <td>
        <Spark values={last24Hours} label={`${count(today)} in the last 24 hours`} />
      </td>
      <td class="number">{count(events)}</td>
      <td>
        <Ago at={lastSeen} />
      </td>
      <td>
        {[...new Set(warnings.map(({ code }) => code))].map((code) => (
          <span key={code} class="pill warn" data-testid="warning" data-code={code}>
            {WARNING_LABELS[code] ?? code}
          </span>
        ))}
      </td>
    </tr>
  )
}

function Detail({ type, name, names }: { type: string; name: string; names: CatalogueName[] }) {
  const known = names.find((each) => each.type === type && each.name === name)
  const { answer, trouble } = useAnswer<CatalogueDetail>(
    `api/v1/catalogue/name?${new URLSearchParams({ type, ...(name && { name }) })}`,
    5000,
  )
  const fields = Map.groupBy(answer?.fields ?? [], ({ field }) => field)
  return (
    <Sheet
      title={
        <>
          <TypeTag type={type} /> <Said text={nameOf({ type, name })} />
        </>
      }
      onClose={() => say({ type: undefined, name: undefined })}
    >
      <Trouble sentence={trouble} />
      {known && (
        <p class="soft">
          {counted(known.events, 'event')} · first seen <Ago at={known.firstSeen} /> · last seen{' '}
          <Ago at={known.lastSeen} />
          {type === 'track' && (
            <>
              {' · '}
              <a href={linkTo('live', { event: name })}>see them live</a>
            </>
          )}
        </p>
      )}
      <Warnings warnings={known?.warnings ?? []} />
      {answer && answer.hours.length > 0 && <Month hours={answer.hours} />}
      {known ? (
        <h3>{type === 'identify' || type === 'group' ? 'Traits' : 'Properties'}</h3>
      ) : (
        <p class="soft">No event of this name was stored.</p>
      )}
      {known && answer && fields.size === 0 && <p class="soft">None were sent.</p>}
      {fields.size > 0 && (
        <div class="scroll">
          <table class="table" data-testid="fields">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col" class="number">
                  In
                </th>
                <th scope="col">Examples</th>
                <th scope="col">First seen</th>
              </tr>
            </thead>
            <tbody>
              {[...fields].flatMap(([field, types]) =>
                types.map((each, at) => (
                  <tr key={`${field} ${each.type}`} data-testid="field" data-field={field}>
                    <td>
                      {at === 0 && <Said class="mono" text={field || (each.type === 'more' ? '(more)' : '""')} />}
                    </td>
                    <td>{each.type}</td>
                    <td class="number">{share(each.events, answer!.events)}</td>
                    <td class="examples">
                      {each.examples.map((example) => (
                        <code key={example}>
                          <Said text={shown(example, 60)} />
                        </code>
                      ))}
                    </td>
                    <td>
                      <Ago at={each.firstSeen} />
                    </td>
                  </tr>
                )),
              )}
            </tbody>
          </table>
        </div>
      )}
    </Sheet>
  )
}

const share = (part: number, whole: number) => `${Math.min(100, Math.round((100 * part) / Math.max(1, whole)))} %`

const Warnings = ({ warnings }: { warnings: Warning[] }) =>
  warnings.length > 0 ? (
    <ul class="warnings">
      {warnings.map(({ code, message, field }) => (
        <li key={`${code} ${field}`} data-testid="warning-text" data-code={code}>
          <b>{WARNING_LABELS[code] ?? code}</b> <Sentence text={message} />
        </li>
      ))}
    </ul>
  ) : null

const DAY_S = 86_400

/** Bars of days; of the hours, while there are only two days of them. */
function Month({ hours }: { hours: CatalogueDetail['hours'] }) {
  const firstS = Date.parse(hours[0]!.at) / 1000
  const nowS = serverNowMs() / 1000
  const stepS = nowS - firstS > 2 * DAY_S ? DAY_S : 3600
  const from = Math.floor(firstS / stepS)
  const counts: number[] = Array.from({ length: Math.floor(nowS / stepS) - from + 1 }, () => 0)
  for (const { at, events } of hours) {
    const place = Math.floor(Date.parse(at) / 1000 / stepS) - from
    if (place >= 0 && place < counts.length) counts[place]! += events
  }
  // One bar alone has no width: a day before it gives it one.
  const values = counts.length < 12 ? [...Array<number>(12 - counts.length).fill(0), ...counts] : counts
  const first = from - (values.length - counts.length)
  return (
    <Chart
      bars
      label={`Events by ${stepS === DAY_S ? 'day' : 'hour'}, at most ${count(Math.max(...values))}`}
      atSeconds={values.map((_, at) => (first + at) * stepS)}
      series={[{ label: 'events', colour: '--accent', values }]}
    />
  )
}
