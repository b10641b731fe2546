import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface Series {
  label: string
  /** Name of a colour of the style sheet. */
  colour: string
  values: number[]
}

/** Values over time, drawn on a canvas. The figures stand beside it as text: it is a picture to who cannot see it. */
export function Chart({
  label,
  atSeconds,
  series,
  bars = false,
}: {
  label: string
  atSeconds: number[]
  series: Series[]
  bars?: boolean
}) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const data = [atSeconds, ...series.map(({ values }) => values)] as uPlot.AlignedData
  const shape = series.map(({ label }) => label).join()

  useEffect(() => {
    const element = place.current!
    const make = () => {
      plot.current?.destroy()
      plot.current = new uPlot(optionsOf(element, series, bars, atSeconds), data, element)
    }
    make()
    const sized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    sized.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', make)
    return () => {
      sized.disconnect()
      dark.removeEventListener('change', make)
      plot.current?.destroy()
    }
  }, [shape, bars])
  useEffect(() => plot.current?.setData(data))

  return <div class="chart" ref={place} role="img" aria-label={label} />
}

/** Half a bar, so that the outer ones are whole. */
const halfOf = ([first = 0, second = first + 3600]: readonly number[]) => (second - first) / 2

/** Days are UTC, as they are counted; hours are the reader's. */
function labelOf(atSeconds: number, stepS: number): string {
  const at = new Date(atSeconds * 1000)
  if (stepS >= DAY_S) return at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
  return at.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

const DAY_S = 86_400

function optionsOf(element: HTMLElement, series: Series[], bars: boolean, plotted: readonly number[]): uPlot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis: uPlot.Axis = {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    tzDate: (seconds) =>
      uPlot.tzDate(
        new Date(seconds * 1000),
        bars && halfOf(plotted) * 2 >= DAY_S ? 'Etc/UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone,
      ),
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { range: (_plot, min, max) => (bars ? [min - halfOf(plotted), max + halfOf(plotted)] : [min, max]) },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    axes: [
      { ...axis, values: (_plot, ticks, _axis, _space, stepS) => ticks.map((tick) => labelOf(tick, stepS)) },
      {
        ...axis,
        size: 44,
        values: (_plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? String(tick) : '')),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        fill: `color-mix(in srgb, ${colour(name)} 14%, transparent)`,
        width: bars ? 0 : 1.5,
        points: { show: false },
        ...(bars && { fill: colour(name), paths: uPlot.paths.bars!({ size: [0.7, 40], radius: 0.2 }) }),
      })),
    ],
  }
}
