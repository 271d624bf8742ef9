/** The message of an unexpected error. `JSON.parse` quotes its input, which may hold a secret, so its message is replaced. */
export function showMessage(message: string): string {
  return message.endsWith('is not valid JSON') ? 'the input is not valid JSON' : message
}

/** The error code, such as `ECONNREFUSED`, of an error or its causes. Messages are not used: they may quote the request. */
export function codeOf(failure: unknown): string | undefined {
  let error = failure
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
    error = error.cause
  }
  return undefined
}
