import { readNetworkFailure } from '@nightlatch/core'

/** The code, such as `ENOENT`, of an error or its causes. */
export function codeOf(failure: unknown): string | undefined {
  return readNetworkFailure(failure).code
}
