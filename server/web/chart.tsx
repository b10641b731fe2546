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
      plot.current = new uPlot(optionsOf(element, series, bars), data, element)
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

function optionsOf(element: HTMLElement, series: Series[], bars: boolean): uPlot.Options {
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
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      axis,
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
