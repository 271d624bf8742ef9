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

/** A failure in words. */
export interface NetworkFailureWords {
  /** What happened, to follow the name of what was called: `did not answer (ECONNREFUSED): the connection was refused`. */
  readonly said: string
  /** What to do about it; empty where the code says too little. */
  readonly hints: readonly string[]
}

/** What a failure means, and what to do about it. */
export function explainNetworkFailure({ code, retryable }: NetworkFailure): NetworkFailureWords {
  if (code === undefined) return { said: 'did not answer', hints: [] }
  const [what, hint] = explanations.get(code) ?? []
  if (what === undefined || hint === undefined) return { said: `did not answer (${code})`, hints: [] }
  const said = retryable ? `did not answer (${code}): ${what}` : `cannot be trusted: ${what} (${code})`
  return { said, hints: [hint] }
}

const nameAuthority =
  'If the server or a proxy in between is your own, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority (PEM). Otherwise do not trust it.'
const checkWay = 'Check whether a firewall drops the packets, and whether a VPN or a proxy is needed.'
const checkReset = 'Try again; if it happens again, look for a proxy or a firewall that closes the connection.'

/** Codes of Node, OpenSSL and undici: what each means, and what to do. */
const explanations: ReadonlyMap<string, readonly [what: string, hint: string]> = new Map([
  [
    'CERT_HAS_EXPIRED',
    ['its TLS certificate has expired', "Have the server's certificate renewed; check the clock of this machine, too."],
  ],
  [
    'CERT_NOT_YET_VALID',
    ['its TLS certificate is not valid yet', "Check the clock of this machine, then the server's certificate."],
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['its TLS certificate is self-signed', nameAuthority]],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    ['its TLS certificate is of an authority that this machine does not trust', nameAuthority],
  ],
  [
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ['its TLS certificate is of an authority that this machine does not know', nameAuthority],
  ],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    [
      'its TLS certificate comes without the intermediate certificates',
      'Have the server send its whole chain of certificates; until then set NODE_EXTRA_CA_CERTS to a file with those that are missing (PEM).',
    ],
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    ['its TLS certificate is for another host', 'Check the host name in the URL, and whether a proxy is in between.'],
  ],
  ['CERT_REVOKED', ['its TLS certificate has been revoked', "Have the server's certificate replaced."]],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    ['what answers there does not speak TLS', 'Check the port, and whether the URL should begin with http://.'],
  ],
  [
    'ECONNREFUSED',
    [
      'the connection was refused',
      'Check the host and the port, whether the server runs, and whether a firewall refuses the connection.',
    ],
  ],
  [
    'ENOTFOUND',
    ['its host name is not known', 'Check the spelling of the host, and whether it is known inside a VPN only.'],
  ],
  ['EAI_AGAIN', ['the name server did not answer', 'Check the network, the VPN and the name server of this machine.']],
  ['ETIMEDOUT', ['the connection timed out', checkWay]],
  ['UND_ERR_CONNECT_TIMEOUT', ['the connection timed out', checkWay]],
  ['EHOSTUNREACH', ['there is no route to its host', checkWay]],
  ['ENETUNREACH', ['there is no route to its network', checkWay]],
  ['ECONNRESET', ['the connection was closed before the response', checkReset]],
  ['UND_ERR_SOCKET', ['the connection was closed before the response', checkReset]],
])
