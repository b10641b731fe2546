/** What keeps the server from starting, as sentences for the one who starts it; printed without a stack. */
export class CannotStart extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = mistakes
  }
}
