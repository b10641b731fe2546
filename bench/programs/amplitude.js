import * as amplitude from '@amplitude/analytics-browser'

export const start = (collector) => {
  amplitude.init('bench', {
    serverUrl: collector,
    autocapture: false,
    fetchRemoteConfig: false,
    remoteConfig: { fetchRemoteConfig: false },
  })
  return (event, properties) => amplitude.track(event, properties)
}
