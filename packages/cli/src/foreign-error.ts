/** What may be shown of an error that is not the command line's own. */

/** A message of the platform or of a configuration file; but `JSON.parse` quotes what it could not read, a secret maybe. */
export function showMessage(message: string): string {
  return message.endsWith('is not valid JSON') ? 'what was read is not valid JSON' : message
}

/** The system's word for a failure; messages of a transport may hold the request. */
export function codeOf(failure: unknown): string | undefined {
  let error = failure
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code
    error = error.cause
  }
  return undefined
}
