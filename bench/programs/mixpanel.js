import mixpanel from 'mixpanel-browser'

export const start = (collector) => {
  mixpanel.init('bench', { api_host: collector })
  return (event, properties) => mixpanel.track(event, properties)
}
