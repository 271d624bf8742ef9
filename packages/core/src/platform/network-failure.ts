/** Why a request got no answer, as far as it may be told. */
export interface NetworkFailure {
  /** The system's or the HTTP client's code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), where there is one. */
  readonly code: string | undefined
  /** A certificate that is refused now is refused a moment later too. */
  readonly retryable: boolean
}

/** Nothing but the code is taken: messages and properties of a transport's errors may hold the request (rule X1). */
export function readNetworkFailure(failure: unknown): NetworkFailure {
  let error = failure
  for (let depth = 0; depth < 5 && typeof error === 'object' && error !== null; depth += 1) {
    const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) {
      return { code, retryable: !/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code) }
    }
    error = cause
  }
  return { code: undefined, retryable: true }
}
