/**
 * Replaces a client's error by one without secrets: clients attach the command's arguments, and servers quote them. Only the
 * first word of the message (`READONLY`, `OOM`), the code (`ECONNREFUSED`) or the class is kept (rule X1).
 */
export function redisFailure(operation: string, failure: unknown): Error & { readonly code?: string } {
  const word = wordOf(failure)
  const safe = new Error(`redisStore: ${operation} failed: ${word ?? 'the client reported an unknown error'}`)
  return word === undefined ? safe : Object.assign(safe, { code: codeOf(word) })
}

/** Whether the server does not support a command, or its ACL forbids it. */
export function isCommandRefused(failure: unknown): boolean {
  const message = messageOf(failure)
  return /^NOPERM\b/.test(message) || /^ERR\b.*\b(unknown|syntax|allowed|supported|disabled)\b/i.test(message)
}

/** Whether a key holds another type than a string. */
export function isWrongType(failure: unknown): boolean {
  return messageOf(failure).startsWith('WRONGTYPE')
}

/** Converts the word to the code that `store.failed` reports: `ClientOfflineError` becomes `CLIENT_OFFLINE`. */
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
