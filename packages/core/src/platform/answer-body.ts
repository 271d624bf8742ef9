/** No token answer is this large; what is, is not read to its end (rule G7). */
const longest = 1024 * 1024

/**
 * An answer's body as text, read to 1 MiB.
 *
 * @returns the text, or `undefined` where it is longer
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
    if (size > longest) {
      await reader.cancel().catch(() => {})
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

/**
 * A body as JSON, as a record from a form, or else as its text. The content type is a hint and no more: servers send JSON
 * as text and none at all (rule R6).
 */
export function parseBody(text: string, contentType: string | null): unknown {
  // A byte order mark is white space to `trim`.
  const trimmed = text.trim()
  if (trimmed.startsWith('{') || trimmed.startsWith('[') || trimmed.startsWith('"')) {
    try {
      return JSON.parse(trimmed)
    } catch {
      return text
    }
  }
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  if (isForm || isFormOfAnswer(trimmed)) {
    return Object.fromEntries(new URLSearchParams(trimmed))
  }
  return text
}

/**
 * Whether a text is a form with a token or an error in it. It is read pair by pair, because a text from outside can make an
 * expression that repeats a group try every way to part it.
 */
function isFormOfAnswer(text: string): boolean {
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
