/**
 * Reads a response's body as text, up to 1 MiB.
 *
 * @returns the text, or `undefined` if it is longer
 * @example
 * ```ts
 * const text = await readBodyText(await fetch('https://api.acme.example/status'))
 * if (text === undefined) throw new Error('The response is longer than 1 MiB.')
 * ```
 */
export async function readBodyText(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.byteLength
    if (size > maxBytes) {
      await reader.cancel().catch(() => {})
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** Token responses are far smaller, so reading stops here (rule G7). */
const maxBytes = 1024 * 1024

/**
 * Parses a body as JSON, else as a form, else returns its text. The content type is only a hint, because servers send JSON as
 * text, or without a type (rule R6).
 */
export function parseBody(text: string, contentType: string | null): unknown {
  // `trim` also removes a byte order mark.
  const trimmed = text.trim()
  if (trimmed.startsWith('{') || trimmed.startsWith('[') || trimmed.startsWith('"')) {
    try {
      return JSON.parse(trimmed)
    } catch {
      return text
    }
  }
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  if (isForm || isTokenForm(trimmed)) {
    return Object.fromEntries(new URLSearchParams(trimmed))
  }
  return text
}

/**
 * Whether a text is a form that contains a token or an error. It is read pair by pair, because a regular expression with a
 * repeated group could backtrack without end on hostile text.
 */
function isTokenForm(text: string): boolean {
  if (/[\s<]/.test(text)) return false
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('=', from)
    if (end === -1) return false
    const name = text.slice(from, end)
    if (name === 'access_token' || name === 'error') return true
    if (name === '' || /[^\w.-]/.test(name)) return false
    const next = text.indexOf('&', end)
    if (next === -1) return false
    from = next + 1
  }
  return false
}
