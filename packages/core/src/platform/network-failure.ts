/** Why a request got no response. */
export interface NetworkFailure {
  /** The code of the system or the HTTP client (`ECONNREFUSED`, `CERT_HAS_EXPIRED`); `undefined` if there is none. */
  readonly code: string | undefined
  /** `false` for certificate errors, because a retry meets the same certificate. */
  readonly retryable: boolean
}

/** Reads only the code of a transport's error, because messages and properties may contain the request (rule X1). */
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
