// The page itself, without any tracker: what a measurement costs by itself.
export const start = () => () => {}
