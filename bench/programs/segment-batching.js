import { AnalyticsBrowser } from '@segment/analytics-next'

export const start = (collector) => {
  const segment = { apiKey: 'bench', apiHost: new URL(collector).host, protocol: 'http' }
  const cdnSettings = { integrations: { 'Segment.io': segment } }
  // As in https://segment.com/docs/connections/sources/catalog/libraries/website/javascript/#batching
  const deliveryStrategy = { strategy: 'batching', config: { size: 10, timeout: 5000 } }
  const analytics = AnalyticsBrowser.load(
    { writeKey: 'bench', cdnSettings },
    { integrations: { 'Segment.io': { deliveryStrategy } } },
  )
  return (event, properties) => analytics.track(event, properties)
}
