/**
 * What a client's error may say outside. Errors of clients hold the command with all its arguments, and messages of servers
 * repeat some of them; so nothing is taken over but the first word (`READONLY`, `OOM`, `ECONNREFUSED`) or the error's class (rule X1).
 */
export function redisFailure(operation: string, failure: unknown): Error & { readonly code?: string } {
  const word = wordOf(failure)
  const told = new Error(`redisStore: ${operation} failed: ${word ?? 'the client could not have it done'}`)
  return word === undefined ? told : Object.assign(told, { code: codeOf(word) })
}

/** Whether the server does not know this command, or does not let this user have it. */
export function isCommandRefused(failure: unknown): boolean {
  const message = messageOf(failure)
  return /^NOPERM\b/.test(message) || /^ERR\b.*\b(unknown|syntax|allowed|supported|disabled)\b/i.test(message)
}

/** Whether a key holds what is no text. */
export function isWrongType(failure: unknown): boolean {
  return messageOf(failure).startsWith('WRONGTYPE')
}

/** The word as a code, which is what an event tells of a store's failure: `ClientOfflineError` is `CLIENT_OFFLINE`. */
function codeOf(word: string): string {
  return word
    .replace(/Error$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '_')
    .toUpperCase()
}

function wordOf(failure: unknown): string | undefined {
  const [, word] = /^([A-Z]{2,20})(?:\s|$)/.exec(messageOf(failure)) ?? []
  if (word !== undefined) return word
  const { code } = Object(failure) as { readonly code?: unknown }
  if (typeof code === 'string' && /^[A-Z][A-Z_]{1,40}$/.test(code)) return code
  const name = failure instanceof Error ? failure.constructor.name : ''
  return /^[A-Z][A-Za-z]{1,60}$/.test(name) && name !== 'Error' ? name : undefined
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : ''
}
