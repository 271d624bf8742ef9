import { randomUUID } from 'node:crypto'
import { printAs } from './printing.ts'
import type { RecordedRequest } from './recorded-request.ts'

/** A client id and secret, to pass to `createClient` as `credentials`; prints with the secret redacted. */
export interface EmulatedCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

/** How id and secret are written in a Basic header: form-encoded as in RFC 6749 section 2.3.1, or unchanged. */
export type BasicEncoding = 'form' | 'raw'

/** Options of a secret rotation. */
export interface RotationOptions {
  /** Whether earlier secrets keep working until the next rotation without overlap; default false. */
  readonly overlap?: boolean
}

/** The only client of an emulated authorization server. */
export interface RegisteredClient {
  /** The current credentials. */
  readonly credentials: EmulatedCredentials
  /** Replaces the secret; earlier secrets stop working, unless they overlap. */
  rotateSecret(clientSecret?: string, options?: RotationOptions): EmulatedCredentials
  verify(presented: EmulatedCredentials): 'accepted' | 'unknown client' | 'wrong secret'
  /** All secrets that this client ever had, to redact them. */
  readonly secrets: readonly string[]
}

export function registerClient(clientId: string, clientSecret: string | undefined): RegisteredClient {
  const secrets: string[] = []
  const accept = (secret: string): EmulatedCredentials => {
    secrets.push(secret)
    return printAs({ clientId, clientSecret: secret }, () => ({ clientId, clientSecret: '[redacted]' }))
  }
  let credentials = accept(clientSecret ?? makeSecret())
  let earlier: readonly string[] = []
  return {
    get credentials() {
      return credentials
    },
    rotateSecret(secret = makeSecret(), { overlap = false } = {}) {
      earlier = overlap ? [...earlier, credentials.clientSecret] : []
      credentials = accept(secret)
      return credentials
    },
    verify(presented) {
      if (presented.clientId !== clientId) return 'unknown client'
      return [credentials.clientSecret, ...earlier].includes(presented.clientSecret) ? 'accepted' : 'wrong secret'
    },
    secrets,
  }
}

/** Creates a secret whose characters each encoding writes differently, so that a wrong encoding fails. */
function makeSecret(): string {
  return `${randomUUID()}:+%41 &=é`
}

/** Reads the credentials of a Basic header; `undefined` if there is none or it is invalid. */
export function readBasic(request: RecordedRequest, encoding: BasicEncoding): EmulatedCredentials | undefined {
  const encoded = /^Basic {1,9}([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (encoded === undefined) return undefined
  // The first colon separates id and secret (RFC 7617 section 2), so a raw client id cannot contain one.
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

/** Reads the credentials of a form body; `undefined` if it has no secret. */
export function readPost(request: RecordedRequest): EmulatedCredentials | undefined {
  const clientSecret = request.form.get('client_secret')
  if (clientSecret === null) return undefined
  return { clientId: request.form.get('client_id') ?? '', clientSecret }
}
