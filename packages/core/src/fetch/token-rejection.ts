import type { Provider } from '../acquire/provider.ts'

/** The part of an API's response that says whether the API rejected the token. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** Parsed JSON; `undefined` if it was not read. */
  readonly body?: unknown
}

/** RFC 6750 section 3.1. */
const defaultStatuses: readonly number[] = [401]

/** A longer JSON body is not read, because an error body is short. */
const maxJsonBytes = 65_536

/** Whether a response means that the API rejected the token. */
export function isTokenRejected({ tokenRejection }: Provider<unknown>, answer: ApiAnswer): boolean {
  const { status, headers, body } = answer
  if (tokenRejection === undefined) return status === 401
  const { statuses = defaultStatuses, body: judge } = tokenRejection
  if (statuses.includes(status)) return true
  if (judge === undefined || body === undefined) return false
  try {
    return judge(body, { status, headers: headers as Headers }) === true
  } catch {
    // A function that throws on an unexpected body has not recognised a rejection.
    return false
  }
}

/**
 * Reads a response's JSON from a copy, so that the caller can still read the response.
 *
 * @returns `undefined` if the body is not JSON, is longer than 64 KiB or fails
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
  // Not awaited, because cancelling one branch of a cloned body settles only when the other is read.
  void reader.cancel().catch(() => {})
  return undefined
}

/** Whether a body may be JSON: servers also send it as text or without a type (rule R6). Event streams are left alone. */
function mayBeJson(contentType: string | null): boolean {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return ['', 'application/json', 'text/json', 'text/plain'].includes(type) || type.endsWith('+json')
}

function beginsAsJson(text: string): boolean {
  const begin = text.trimStart()
  return begin === '' || begin.startsWith('{') || begin.startsWith('[')
}
