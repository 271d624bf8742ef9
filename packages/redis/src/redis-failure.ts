/**
 * What a client's error may say outside. Errors of clients hold the command with all its arguments, and messages of servers
 * repeat some of them; so nothing is taken over but the first word (`READONLY`, `OOM`, `ECONNREFUSED`) or the error's class (rule X1).
 */
export function redisFailure(operation: string, failure: unknown): Error {
  return new Error(`redisStore: ${operation} failed: ${wordOf(failure)}`)
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

function wordOf(failure: unknown): string {
  const [, word] = /^([A-Z]{2,20})(?:\s|$)/.exec(messageOf(failure)) ?? []
  if (word !== undefined) return word
  const { code } = Object(failure) as { readonly code?: unknown }
  if (typeof code === 'string' && /^[A-Z][A-Z_]{1,40}$/.test(code)) return code
  const name = failure instanceof Error ? failure.constructor.name : ''
  return /^[A-Z][A-Za-z]{1,60}$/.test(name) && name !== 'Error' ? name : 'the client could not have it done'
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : ''
}
