import { randomUUID } from 'node:crypto'
import { printAs } from './printing.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** A client id and secret, ready for the `credentials` option of `createClient`; prints without the secret. */
export interface EmulatedCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** How the two halves of a Basic header are written: form-encoded as in RFC 6749 section 2.3.1, or as they are. */
export type BasicEncoding = 'form' | 'raw'

/** How a secret is replaced. */
export interface RotationOptions {
  /** Whether the secrets accepted so far stay so, until the next rotation without; default false. */
  readonly overlap?: boolean
}

/** The one client that an emulated authorization server knows. */
export interface RegisteredClient {
  /** The credentials accepted now. */
  readonly credentials: EmulatedCredentials
  /** Replaces the secret; those before are refused from now on, unless they overlap. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
  judge(presented: EmulatedCredentials): 'accepted' | 'unknown client' | 'wrong secret'
  /** Every secret that this client ever had: none of them is printed. */
  readonly secrets: readonly string[]
}

export function registerClient(clientId: string, clientSecret: string | undefined): RegisteredClient {
  const secrets: string[] = []
  const accept = (secret: string): EmulatedCredentials => {
    secrets.push(secret)
    return printAs({ clientId, clientSecret: secret }, () => ({ clientId, clientSecret: '[redacted]' }))
  }
  let credentials = accept(clientSecret ?? makeSecret())
  let former: readonly string[] = []
  return {
    get credentials() {
      return credentials
    },
    rotateSecret(secret = makeSecret(), { overlap = false } = {}) {
      former = overlap ? [...former, credentials.clientSecret] : []
      credentials = accept(secret)
      return credentials
    },
    judge(presented) {
      if (presented.clientId !== clientId) return 'unknown client'
      return [credentials.clientSecret, ...former].includes(presented.clientSecret) ? 'accepted' : 'wrong secret'
    },
    secrets,
  }
}

/** Has every character that raw, form-encoded and unencoded differ in: code that picks the wrong one is refused. */
function makeSecret(): string {
  return `${randomUUID()}:+%41 &=é`
}

/** The credentials of a Basic header; `undefined` where there is none, or where it cannot be read. */
export function readBasic(request: RecordedRequest, encoding: BasicEncoding): EmulatedCredentials | undefined {
  const encoded = /^Basic {1,9}([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  // The first colon separates (RFC 7617 section 2): a raw client id cannot hold one, a raw secret can.
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const at = pair.indexOf(':')
  if (at === -1) return undefined
  const clientId = pair.slice(0, at)
  const clientSecret = pair.slice(at + 1)
  if (encoding === 'raw') return { clientId, clientSecret }
  try {
    return { clientId: decodeFormValue(clientId), clientSecret: decodeFormValue(clientSecret) }
  } catch {
    return undefined
  }
}

function decodeFormValue(value: string): string {
  return decodeURIComponent(value.replaceAll('+', ' '))
}

/** The credentials of a form body; `undefined` where it holds no secret. */
export function readPost(request: RecordedRequest): EmulatedCredentials | undefined {
  const clientSecret = request.form.get('client_secret')
  if (clientSecret === null) return undefined
  return { clientId: request.form.get('client_id') ?? '', clientSecret }
}
