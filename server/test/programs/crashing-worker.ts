// The real worker thread, in one that fails again and again, wherever it is.
setTimeout(() => {
  throw new Error('the thread was made to fail')
}, 150)

await import('../../src/worker-thread.ts')
