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
  if (/^[[{"]/.test(trimmed)) {
    try {
      return JSON.parse(trimmed)
    } catch {
      return text
    }
  }
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  if (isForm || /^(?:[\w.-]+=[^&\s<]*&)*(?:access_token|error)=[^\s<]*$/.test(trimmed)) {
    return Object.fromEntries(new URLSearchParams(trimmed))
  }
  return text
}
