import { SingleBar } from 'cli-progress'

/** Without a terminal a line is written this often. */
const LINES_MS = 2000

/** A bar on stderr, begun when there is something to show. */
export function createProgress(label: string) {
  let bar: SingleBar | undefined
  return {
    /** A total of 0 is not known: then only what is done is shown. */
    update(done: number, total: number, more = ''): void {
      if (!bar) {
        const shown = total > 0 ? '{bar} {percentage}%' : '{value} bytes'
        bar = new SingleBar({
          format: `${label} ${shown} {more}`,
          stream: process.stderr,
          noTTYOutput: true,
          notTTYSchedule: LINES_MS,
          hideCursor: true,
        })
        bar.start(total, done, { more })
      }
      bar.update(done, { more })
    },
    end(): void {
      bar?.stop()
    },
  }
}
