import posthog from 'posthog-js'

export const start = (collector) => {
  posthog.init('phc_bench', {
    api_host: collector,
    autocapture: false,
    capture_pageview: false,
    capture_pageleave: false,
    capture_performance: false,
    capture_dead_clicks: false,
    capture_exceptions: false,
    disable_session_recording: true,
    disable_surveys: true,
    disable_external_dependency_loading: true,
    advanced_disable_flags: true,
    // The browser of the measurement is one that it takes for a robot.
    opt_out_useragent_filter: true,
  })
  return (event, properties) => posthog.capture(event, properties)
}
