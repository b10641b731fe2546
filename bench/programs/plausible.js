import { init, track } from '@plausible-analytics/tracker'

export const start = (collector) => {
  init({ domain: 'bench', endpoint: `${collector}/api/event`, autoCapturePageviews: false, captureOnLocalhost: true })
  return (event, props) => track(event, { props })
}
