import type { Row } from './row.ts'
import { api } from './rows/api.ts'
import { bundledStart } from './rows/bundled-start.ts'
import { cachedToken } from './rows/cached-token.ts'
import { commandToken, commandVersion } from './rows/command-line.ts'
import { fetchOverhead } from './rows/fetch-overhead.ts'
import { firstAnswer } from './rows/first-answer.ts'
import { forwardedRequest } from './rows/forwarded-request.ts'
import { grant } from './rows/grant.ts'
import { heap } from './rows/heap.ts'
import { importCost } from './rows/import-cost.ts'
import { manyCallers } from './rows/many-callers.ts'
import { otherRuntimes } from './rows/other-runtimes.ts'
import { outages } from './rows/outage.ts'
import { shortTokens } from './rows/short-tokens.ts'
import { size } from './rows/size.ts'
import { undiciWire, wire } from './rows/wire.ts'

/** The rows in the order of runs and tables. */
export const rows: readonly Row[] = [
  ...cachedToken,
  heap,
  fetchOverhead,
  ...wire,
  api,
  undiciWire,
  ...otherRuntimes,
  ...forwardedRequest,
  ...manyCallers,
  grant,
  importCost,
  firstAnswer,
  bundledStart,
  commandVersion,
  commandToken,
  size,
  shortTokens,
  ...outages,
]

/** @throws TypeError for an unknown name */
export function findRow(name: string): Row {
  const found = rows.find((row) => row.name === name)
  if (found === undefined) throw new TypeError(`Unknown row '${name}'.`)
  return found
}
