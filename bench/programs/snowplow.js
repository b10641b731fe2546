import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker'

export const start = (collector) => {
  newTracker('bench', collector, { appId: 'bench' })
  return (event, properties) =>
    trackSelfDescribingEvent({ event: { schema: `iglu:com.example/${event}/jsonschema/1-0-0`, data: properties } })
}
