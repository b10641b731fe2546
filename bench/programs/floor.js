// The least that is possible: an array, one fetch per 5 s, a beacon when the page hides. No id, no storage, no retry.
const FLUSH_MS = 5000

export const start = (collector) => {
  let queue = []
  const take = () => {
    const body = JSON.stringify(queue)
    queue = []
    return body
  }
  setInterval(() => {
    if (queue.length) fetch(collector, { method: 'POST', body: take() })
  }, FLUSH_MS)
  addEventListener('pagehide', () => {
    if (queue.length) navigator.sendBeacon(collector, take())
  })
  return (event, properties) => queue.push({ event, properties, timestamp: new Date().toISOString() })
}
