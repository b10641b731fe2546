import type { ComponentChildren } from 'preact'
import { addressOf } from '../api.ts'
import { Chart } from '../chart.tsx'
import { serverNowMs } from '../now.ts'
import { Ago, Heading, Notice, Said, Trouble, useAnswer } from '../parts.tsx'
import type { Figures } from '../shapes.ts'
import { bytes, count, counted, duration } from '../words.ts'

export function HealthView() {
  const { answer, trouble } = useAnswer<Figures>('api/v1/health', 2000)
  return (
    <section>
      <Heading title="Health">
        {(answer || trouble) && (
          <p
            class="state"
            data-state={!trouble && answer?.status === 'ok' ? 'live' : 'lost'}
            data-testid="health-status"
          >
            {trouble ? 'Not known' : answer?.status === 'ok' ? 'Events are taken and stored' : 'Something fails'}
          </p>
        )}
        <a href={addressOf('metrics')} target="_blank" rel="noreferrer">
          /metrics
        </a>
      </Heading>
      <Trouble sentence={trouble} />
      {answer && <Shown {...answer} />}
    </section>
  )
}

function Shown(figures: Figures) {
  const { series, verdicts, lag, worker, bytes: sizes, lastError } = figures
  const atSeconds = series.accepted.map((_, at) => series.fromMs / 1000 + at)
  return (
    <>
      {lastError && (
        <Notice tone="warn">
          <b>Last error:</b> <Said text={lastError} />
        </Notice>
      )}
      <div class="tiles">
        <Tile
          label="Events a second"
          value={figures.perSecond.toFixed(figures.perSecond < 10 ? 1 : 0)}
          note="mean of 10 s"
          testid="tile-rate"
        />
        <Tile label="Stored ever" value={count(figures.storedEver)} testid="tile-stored">
          last <Ago at={figures.lastStoredAt} />
        </Tile>
        <Tile
          label="Backlog"
          value={count(lag.entries)}
          note={`requests wait, ${bytes(lag.bytes)}`}
          testid="tile-lag"
        />
        <Tile label="Worker" value={worker.state} note={`${count(worker.restarts)} restarts`} />
        <Tile label="Store" value={bytes(sizes.store)} note={`log ${bytes(sizes.log)}`} testid="tile-store" />
        <Tile
          label="Last error"
          value={lastError ? 'see above' : 'none'}
          note={`up for ${duration(serverNowMs() - Date.parse(figures.startedAt))}`}
        />
      </div>
      <h2>Events a second, the last ten minutes</h2>
      <Chart
        label={`Events a second over the last ten minutes, at most ${Math.max(...series.accepted)} accepted and ${Math.max(...series.rejected)} rejected`}
        atSeconds={atSeconds}
        series={[
          { label: 'accepted', colour: '--accent', values: series.accepted },
          { label: 'rejected', colour: '--warn', values: series.rejected },
        ]}
      />
      <p class="legend">
        <span class="key-accent">accepted</span> <span class="key-warn">rejected</span>
      </p>
      <h2>Verdicts since the start</h2>
      <table class="table" data-testid="verdicts">
        <thead>
          <tr>
            <th scope="col">Verdict</th>
            <th scope="col" class="number">
              Events
            </th>
          </tr>
        </thead>
        <tbody>
          <Line label="Accepted" value={verdicts.accepted} />
          <Line label="Duplicates, stored once" value={verdicts.duplicate} />
          <Line label="Rejected events of batches" value={verdicts.rejected} />
          {Object.entries(figures.rejectedByCode).map(([code, value]) => (
            <Line key={code} label={code} value={value} sub code={code} />
          ))}
          <Line label="Quarantined by the contract" value={verdicts.quarantined} code="contract_quarantined" />
          <Line label="Ignored, not wanted of their source" value={verdicts.ignored} />
          <Line
            label="Requests refused as a whole"
            value={Object.values(figures.refusedByCode).reduce((sum, value) => sum + value, 0)}
          />
          {Object.entries(figures.refusedByCode).map(([code, value]) => (
            <Line key={code} label={code} value={value} sub code={code} />
          ))}
        </tbody>
      </table>
      <p class="soft">
        Version {figures.version} · {counted(figures.requests, 'request')} ·{' '}
        {counted(figures.liveReaders, 'live reader')} · {bytes(figures.memoryBytes)} of memory ·{' '}
        <a href="#/refused" data-testid="lost-in-browsers">
          {count(figures.lostInBrowsers)} lost in browsers in 30 days
        </a>
      </p>
    </>
  )
}

function Tile({
  label,
  value,
  note,
  children,
  testid,
}: {
  label: string
  value: string
  note?: string
  children?: ComponentChildren
  testid?: string
}) {
  return (
    <div class="tile" data-testid={testid}>
      <span class="tile-label">{label}</span>
      <b class="tile-value">{value}</b>
      <small>{children ?? note}</small>
    </div>
  )
}

function Line({ label, value, sub, code }: { label: string; value: number; sub?: boolean; code?: string }) {
  return (
    <tr class={sub ? 'sub' : ''}>
      <td>{code ? <a href={`#/refused?code=${encodeURIComponent(code)}`}>{label}</a> : label}</td>
      <td class="number">{count(value)}</td>
    </tr>
  )
}
