import type { Attributes } from '@opentelemetry/api'

/**
 * Names of attributes: OpenTelemetry's own where it has one, else ours.
 *
 * @see {@link https://opentelemetry.io/docs/specs/semconv/registry/attributes/ Semantic conventions: attributes}
 */
export const attribute = {
  errorType: 'error.type',
  status: 'http.response.status_code',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  url: 'url.full',
  provider: 'nightlatch.provider',
  label: 'nightlatch.client.label',
  source: 'nightlatch.token.source',
  lifetime: 'nightlatch.token.lifetime',
  background: 'nightlatch.grant.background',
  attempts: 'nightlatch.grant.attempts',
  oauthError: 'nightlatch.oauth.error',
  operation: 'nightlatch.store.operation',
} as const

/** What is said where an error has no name of its own. */
const other = '_OTHER'

/** The client's label; nothing if it has none. */
export function labelOf({ label }: { readonly label?: string }): Attributes {
  return label === undefined ? {} : { [attribute.label]: label }
}

/** The server of a URL; nothing where there is none yet. */
export function serverOf(address: string | undefined): Attributes {
  if (address === undefined) return {}
  const { protocol, hostname, port } = new URL(address)
  const standard = protocol === 'http:' ? 80 : 443
  return {
    [attribute.serverAddress]: hostname.replace(/^\[|\]$/g, ''),
    [attribute.serverPort]: port === '' ? standard : Number(port),
  }
}

/** What a failure is counted by: the code of this library's error, or `_OTHER`, and the answer's status. */
export function failureOf(error: unknown): Attributes {
  const { code, status } = (error ?? {}) as Readonly<Record<string, unknown>>
  return {
    [attribute.errorType]: typeof code === 'string' ? code : other,
    ...(typeof status === 'number' ? { [attribute.status]: status } : {}),
  }
}

/** The same and the OAuth error, which is the server's to word, and so nothing to count by. */
export function failureInWords(error: unknown): Attributes {
  const { error: oauthError } = (error ?? {}) as Readonly<Record<string, unknown>>
  return { ...failureOf(error), ...(typeof oauthError === 'string' ? { [attribute.oauthError]: oauthError } : {}) }
}

/** Of a store's failure: why, or `_OTHER`. */
export function storeFailureOf(reason: string | undefined): Attributes {
  return { [attribute.errorType]: reason ?? other }
}
