// The stub: pasted before the script tag, it makes `window.airhop` take calls before airhop.js is there. Each waits in one
// array, in order, as `[method, ...args]` with its promise's resolver as `r`; airhop.js replays and resolves them. What is
// there already is kept: an earlier stub, calls pushed by hand, airhop.js itself. An element of that id is not.

window.airhop = window.airhop?.push ? window.airhop : []

for (const method of 'identify track page group reset flush setAnonymousId ready on optIn optOut debug'.split(' ')) {
  // Looked up at the call: a method that a page took from the stub reaches airhop.js once that is there.
  window.airhop[method] =
    window.airhop[method] ||
    ((...args) => new Promise((r) => window.airhop.push(Object.assign([method, ...args], { r }))))
}
