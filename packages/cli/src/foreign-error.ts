import { readNetworkFailure } from '@nightlatch/core'

/** The message of an unexpected error. `JSON.parse` quotes its input, which may hold a secret, so its message is replaced. */
export function showMessage(message: string): string {
  return message.endsWith('is not valid JSON') ? 'the input is not valid JSON' : message
}

/** The code, such as `ENOENT`, of an error or its causes. */
export function codeOf(failure: unknown): string | undefined {
  return readNetworkFailure(failure).code
}
