/** Why a request got no response. */
export interface NetworkFailure {
  /** The code of the system or the HTTP client (`ECONNREFUSED`, `CERT_HAS_EXPIRED`); `undefined` if there is none. */
  readonly code: string | undefined
  /** `false` for certificate errors, because a retry meets the same certificate. */
  readonly retryable: boolean
}

/**
 * Reads why a request got no response from what `fetch` or another transport threw. Only the code of the error or one of its causes
 * is read, because messages and properties may contain the request.
 *
 * @param failure what was thrown, of any type
 * @example
 * ```ts
 * const url = 'https://api.acme.example/status'
 * try {
 *   await fetch(url)
 * } catch (failure) {
 *   const { said, hints } = explainNetworkFailure(readNetworkFailure(failure))
 *   throw new Error([`${url} ${said}.`, ...hints].join(' '))
 * }
 * ```
 */
export function readNetworkFailure(failure: unknown): NetworkFailure {
  let error = failure
  for (let depth = 0; depth < 5 && typeof error === 'object' && error !== null; depth += 1) {
    const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) {
      return { code, retryable: !certificateCodes.test(code) }
    }
    error = cause
  }
  return { code: undefined, retryable: true }
}

/** Parts of the codes of TLS: those of Node, and OpenSSL's results of verifying a certificate. */
const certificateCodes =
  /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|^(INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/

/** A network failure in words. */
export interface NetworkFailureWords {
  /** What happened, with the code, to follow the server's name in a sentence: `refused the connection (ECONNREFUSED)`. */
  readonly said: string
  /** What to do, one sentence or two each. */
  readonly hints: readonly string[]
}

/**
 * Explains a network failure: what happened, and what to do.
 *
 * @returns words that contain neither a host name nor anything of the request
 * @example
 * ```ts
 * const { said } = explainNetworkFailure({ code: 'ECONNREFUSED', retryable: true })
 * throw new Error(`api.acme.example ${said}`) // api.acme.example refused the connection (ECONNREFUSED)
 * ```
 */
export function explainNetworkFailure({ code, retryable }: NetworkFailure): NetworkFailureWords {
  if (code === undefined) return { said: 'did not answer', hints: [tryAgain] }
  const [what, hint] = explanations.get(code) ?? explainUnknownCode(code, retryable)
  return { said: `${what} (${code})`, hints: [hint] }
}

type Explanation = readonly [what: string, hint: string]

/** OpenSSL's codes for certificates have no prefix; errors of the TLS connection begin with `ERR_`. */
function explainUnknownCode(code: string, retryable: boolean): Explanation {
  if (retryable) return ['did not answer', tryAgain]
  if (!code.startsWith('ERR_')) return ['cannot be trusted: its TLS certificate was rejected', nameAuthority]
  return [
    'cannot be reached over TLS',
    'Check the port, whether a proxy is in between, and whether the server requires a client certificate.',
  ]
}

const tryAgain =
  'Try again. If it happens again, check the host and the port, and whether a firewall or a proxy closes the connection.'
const nameAuthority =
  'If the server or a proxy in between is your own, set NODE_EXTRA_CA_CERTS to a file with the certificate of its authority (PEM). Otherwise do not trust it.'
const unknownAuthority: Explanation = [
  'cannot be trusted: its TLS certificate is from an authority that this machine does not trust',
  nameAuthority,
]
const noTls: Explanation = [
  'does not use TLS on this port',
  'Check the port, whether the URL should begin with http://, and whether a proxy is in between.',
]
const timedOut: Explanation = [
  'did not answer: the connection timed out',
  'Check whether the server runs, whether a firewall drops the packets, and whether a VPN or a proxy is needed.',
]
const noRoute: Explanation = [
  'cannot be reached: there is no route to its host',
  'Check the network, and whether a VPN or a proxy is needed.',
]
const closed: Explanation = ['did not answer: the connection was closed before the response', tryAgain]

/** Codes of Node, OpenSSL and undici: what each means, and what to do. */
const explanations: ReadonlyMap<string, Explanation> = new Map([
  [
    'CERT_HAS_EXPIRED',
    [
      'cannot be trusted: its TLS certificate has expired',
      "Have the server's certificate renewed. Check the clock of this machine, too.",
    ],
  ],
  [
    'CERT_NOT_YET_VALID',
    [
      'cannot be trusted: its TLS certificate is not valid yet',
      "Check the clock of this machine, then the server's certificate.",
    ],
  ],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', ['cannot be trusted: its TLS certificate is self-signed', nameAuthority]],
  ['SELF_SIGNED_CERT_IN_CHAIN', unknownAuthority],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', unknownAuthority],
  [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    [
      'cannot be trusted: its TLS certificate comes without the intermediate certificates',
      'Have the server send its whole chain of certificates. Until then, set NODE_EXTRA_CA_CERTS to a file with the missing ones (PEM).',
    ],
  ],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    [
      'cannot be trusted: its TLS certificate is for another host',
      'Check the host name in the URL, and whether a proxy is in between.',
    ],
  ],
  [
    'CERT_REVOKED',
    ['cannot be trusted: its TLS certificate has been revoked', "Have the server's certificate replaced."],
  ],
  ['ERR_SSL_WRONG_VERSION_NUMBER', noTls],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', noTls],
  [
    'ECONNREFUSED',
    [
      'refused the connection',
      'Check the host and the port, whether the server runs, and whether a firewall rejects connections.',
    ],
  ],
  [
    'ENOTFOUND',
    ['has an unknown host name', 'Check the spelling of the host, and whether it is known inside a VPN only.'],
  ],
  [
    'EAI_AGAIN',
    [
      'cannot be reached: the name server did not answer',
      'Check the network, the VPN and the name server of this machine.',
    ],
  ],
  ['ETIMEDOUT', timedOut],
  ['UND_ERR_CONNECT_TIMEOUT', timedOut],
  ['EHOSTUNREACH', noRoute],
  ['ENETUNREACH', noRoute],
  ['ECONNRESET', closed],
  ['UND_ERR_SOCKET', closed],
])
