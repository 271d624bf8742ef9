/** Draws the documentation's pictures: one of all rows and one of a few for the start page. */
import { draw, narrowBars } from './draw.ts'
import type { Results } from './results.ts'

/** The rows of the start page: a call, a request, many concurrent callers, an outage. */
const few: readonly string[] = ['token', 'wire-50', 'cold', 'outage-503']

/** Returns the pictures by file name; `-narrow` is the drawing for telephones. */
export function pictures({ rows }: Results): Readonly<Record<string, string>> {
  const chosen = rows.filter(({ name }) => few.includes(name))
  return {
    'benchmarks.svg': draw(rows),
    'benchmarks-narrow.svg': draw(rows, narrowBars),
    'benchmarks-few.svg': draw(chosen),
    'benchmarks-few-narrow.svg': draw(chosen, narrowBars),
  }
}
