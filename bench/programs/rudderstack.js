// With its plugins in the bundle; else it loads them from a CDN at run time.
import { RudderAnalytics } from '@rudderstack/analytics-js/bundled'

const source = {
  id: 'bench',
  name: 'bench',
  writeKey: 'bench',
  enabled: true,
  workspaceId: 'bench',
  config: { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } },
  destinations: [],
}

export const start = (collector) => {
  const analytics = new RudderAnalytics()
  analytics.load('bench00000000000000000000000', collector, { getSourceConfig: () => ({ source }) })
  return (event, properties) => analytics.track(event, properties)
}
