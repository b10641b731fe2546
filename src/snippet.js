// The stub: pasted before the script tag, it makes `window.airhop` take calls before airhop.js is there. Every call waits
// in one array, in order, as `[method, ...args]` with its promise's resolver as `r`; airhop.js replays and resolves them.
// What already is there is kept: an earlier stub, calls pushed by hand, airhop.js itself. An element with that id is not.
;((queue) => {
  'identify track page group reset flush setAnonymousId ready on optIn optOut debug'.split(' ').map((method) => {
    queue[method] =
      queue[method] || ((...args) => new Promise((r) => queue.push(Object.assign([method, ...args], { r }))))
  })
})(window.airhop?.push ? window.airhop : (window.airhop = []))
