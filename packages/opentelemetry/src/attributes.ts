import type { Attributes } from '@opentelemetry/api'

/**
 * Attribute names: those of the semantic conventions if there is one, otherwise with the prefix `nightlatch.`.
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

/** The error type of unclassified errors, by the semantic conventions. */
const otherError = '_OTHER'

/** The label attribute of a client; none for a client without a label. */
export function labelOf({ label }: { readonly label?: string }): Attributes {
  return label === undefined ? {} : { [attribute.label]: label }
}

/** The server attributes of a URL; none for `undefined`. */
export function serverOf(address: string | undefined): Attributes {
  if (address === undefined) return {}
  const { protocol, hostname, port } = new URL(address)
  const defaultPort = protocol === 'http:' ? 80 : 443
  return {
    [attribute.serverAddress]: hostname.replace(/^\[|\]$/g, ''),
    [attribute.serverPort]: port === '' ? defaultPort : Number(port),
  }
}

/** The attributes of a failure for metrics: the NightlatchError's code or `_OTHER`, and the HTTP status. */
export function failureOf(error: unknown): Attributes {
  const { code, status } = (error ?? {}) as Readonly<Record<string, unknown>>
  return {
    [attribute.errorType]: typeof code === 'string' ? code : otherError,
    ...(typeof status === 'number' ? { [attribute.status]: status } : {}),
  }
}

/** The attributes of a failure for spans: also the OAuth error, whose cardinality is too high for metrics. */
export function detailedFailureOf(error: unknown): Attributes {
  const { error: oauthError } = (error ?? {}) as Readonly<Record<string, unknown>>
  return { ...failureOf(error), ...(typeof oauthError === 'string' ? { [attribute.oauthError]: oauthError } : {}) }
}

/** The attributes of a store failure: its reason, or `_OTHER`. */
export function storeFailureOf(reason: string | undefined): Attributes {
  return { [attribute.errorType]: reason ?? otherError }
}
