import type { Provider } from '../acquire/provider.ts'

/** An API's answer, as far as it says whether the API rejected the token. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** Parsed JSON; `undefined` if it was not read. */
  readonly body?: unknown
}

/** RFC 6750 section 3.1. */
const defaultStatuses: readonly number[] = [401]

/** A longer JSON answer is not read here: it says more than that the token was rejected. */
const maxJsonBytes = 65_536

/** Whether an answer means that the API rejected the token. */
export function isTokenRejected({ tokenRejection }: Provider<unknown>, answer: ApiAnswer): boolean {
  const { status, headers, body } = answer
  if (tokenRejection === undefined) return status === 401
  const { statuses = defaultStatuses, body: judge } = tokenRejection
  if (statuses.includes(status)) return true
  if (judge === undefined || body === undefined) return false
  try {
    return judge(body, { status, headers: headers as Headers }) === true
  } catch {
    // A function that stumbles over a body it does not know has not recognised a rejection.
    return false
  }
}

/**
 * A response's JSON, read from a copy, so that the caller can still read the response.
 *
 * @returns `undefined` if the body is no JSON, is longer than 64 KiB or breaks off
 */
export async function readJsonCopy(response: Response): Promise<unknown> {
  const { headers, body } = response
  if (body === null || !mayBeJson(headers.get('content-type'))) return undefined
  if (Number(headers.get('content-length')) > maxJsonBytes) return undefined
  const reader = response.clone().body?.getReader()
  if (reader === undefined) return undefined
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let size = 0; ; ) {
      const { done, value } = await reader.read()
      if (done) return JSON.parse(text + decoder.decode())
      size += value.byteLength
      text += decoder.decode(value, { stream: true })
      if (size > maxJsonBytes || !beginsAsJson(text)) break
    }
  } catch {
    return undefined
  }
  // Not waited for: one half of a cloned body is only released when the other half is read.
  void reader.cancel().catch(() => {})
  return undefined
}

/** Servers send JSON as text, too, and without a type (rule R6); other types, such as event streams, are not touched. */
function mayBeJson(contentType: string | null): boolean {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return ['', 'application/json', 'text/json', 'text/plain'].includes(type) || type.endsWith('+json')
}

function beginsAsJson(text: string): boolean {
  const begin = text.trimStart()
  return begin === '' || begin.startsWith('{') || begin.startsWith('[')
}
