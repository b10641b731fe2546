import { jitsuAnalytics } from '@jitsu/js'

export const start = (collector) => {
  const analytics = jitsuAnalytics({ host: collector, writeKey: 'bench:bench' })
  return (event, properties) => analytics.track(event, properties)
}
