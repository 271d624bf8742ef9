import { LatchkeyError } from '../errors.ts'
import type { Credentials } from './credentials.ts'

/** A token request about to be sent; a client authentication writes onto it. */
export interface TokenRequestDraft {
  /** Where it goes; a copy, so that credentials in the query stay in this request. */
  readonly url: URL
  readonly headers: Headers
  /** The grant's parameters: the form, the members of a JSON body, or the query. */
  readonly parameters: URLSearchParams
  /** With `bodyFormat: 'json'`: a body that is not just the parameters. */
  json?: unknown
  /** The authorization server's issuer identifier, where the provider names one. */
  readonly issuer: URL | undefined
}

/**
 * Puts credentials onto a token request. Called for each HTTP attempt, after the parameters are set. Its function name is
 * part of the identity a token is cached under, so give two methods two names.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3 RFC 6749 section 2.3}
 */
export type ClientAuthentication = (request: TokenRequestDraft, credentials: Credentials) => void | Promise<void>

/**
 * Client id and secret in the `Authorization: Basic` header (`client_secret_basic`).
 *
 * Servers disagree about what comes before the Base64: RFC 6749 form-encodes both halves, many servers read them raw.
 * They are the same for letters and digits; a secret with `+ : % = /` works with one of the two only.
 *
 * @param options.encoding `'form'` as RFC 6749 section 2.3.1 says, or `'raw'`; UTF-8 either way. Default `'form'`.
 * @throws LatchkeyError `invalid_options` when a grant is asked for without a client secret, or raw with a client id that holds a colon
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 */
export function clientSecretBasic(options: { encoding?: 'form' | 'raw' } = {}): ClientAuthentication {
  const { encoding = 'form' } = options
  if (encoding !== 'form' && encoding !== 'raw') {
    throw new LatchkeyError('invalid_options', "clientSecretBasic: encoding must be 'form' or 'raw'")
  }
  const raw = encoding === 'raw'
  return named(`client_secret_basic ${encoding}`, ({ headers }, credentials) => {
    const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_basic')
    if (raw && clientId.includes(':')) {
      throw new LatchkeyError(
        'invalid_options',
        "the client id holds a colon, which a raw Basic header cannot carry: the server would split it there; use clientSecretBasic({ encoding: 'form' }) or clientSecretPost()",
      )
    }
    const pair = raw ? `${clientId}:${clientSecret}` : `${formEncode(clientId)}:${formEncode(clientSecret)}`
    headers.set('authorization', `Basic ${base64(pair)}`)
  })
}

/**
 * Client id and secret as `client_id` and `client_secret` in the request's parameters (`client_secret_post`).
 *
 * @throws LatchkeyError `invalid_options` when a grant is asked for without a client secret
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 RFC 6749 section 2.3.1}
 */
export function clientSecretPost(): ClientAuthentication {
  return named('client_secret_post', ({ parameters }, credentials) => {
    const { clientId, clientSecret } = requireSecret(credentials, 'client_secret_post')
    parameters.set('client_id', clientId)
    parameters.set('client_secret', clientSecret)
  })
}

/** Whether a client authentication of ours, or the default one, needs a client secret. */
export function needsSecret(clientAuthentication: ClientAuthentication | undefined): boolean {
  return clientAuthentication === undefined || /^client_secret_(basic (form|raw)|post)$/.test(clientAuthentication.name)
}

/** The name goes into the cache key, so it must survive a minifier. */
function named(name: string, authenticate: ClientAuthentication): ClientAuthentication {
  return Object.defineProperty(authenticate, 'name', { value: name })
}

function requireSecret(credentials: Credentials, method: string): { clientId: string; clientSecret: string } {
  if ('clientSecret' in credentials) return credentials
  throw new LatchkeyError('invalid_options', `options.credentials.clientSecret is missing: ${method} needs one`)
}

/** As an HTML form would: a space is `+`, and everything but letters, digits and `*-._` is percent-encoded UTF-8. */
export function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

function base64(value: string): string {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(value)))
}
