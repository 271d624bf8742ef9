/** The pictures of the documentation: one of all rows, and one of a few, for the start page. */
import { draw } from './draw.ts'
import type { Results } from './results.ts'

/** A call, a request, many callers at once, an outage. */
const few: readonly string[] = ['token', 'wire-50', 'cold', 'outage-503']

/** Each picture by its file's name. */
export function pictures({ rows }: Results): Readonly<Record<string, string>> {
  return {
    'benchmarks.svg': draw(rows),
    'benchmarks-few.svg': draw(rows.filter(({ name }) => few.includes(name))),
  }
}
