import { AnalyticsBrowser } from '@segment/analytics-next'

export const start = (collector) => {
  const segment = { apiKey: 'bench', apiHost: new URL(collector).host, protocol: 'http' }
  const cdnSettings = { integrations: { 'Segment.io': segment } }
  const analytics = AnalyticsBrowser.load({ writeKey: 'bench', cdnSettings })
  return (event, properties) => analytics.track(event, properties)
}
