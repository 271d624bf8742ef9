import { describe, expect, it } from 'vitest'
import { explainNetworkFailure, readNetworkFailure } from '../../src/platform/network-failure.ts'

function fetchFailed(cause: unknown): TypeError {
  return new TypeError('fetch failed', { cause })
}

function withCode(code: unknown, message = 'it failed'): Error {
  return Object.assign(new Error(message), { code })
}

describe('readNetworkFailure', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT'])(
    'G9: %s may pass',
    (code) => {
      expect(readNetworkFailure(fetchFailed(withCode(code)))).toEqual({ code, retryable: true })
    },
  )

  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
  ])('G9: %s is not retryable', (code) => {
    expect(readNetworkFailure(fetchFailed(withCode(code)))).toEqual({ code, retryable: false })
  })

  it('G9: the code of several addresses that all failed is read', () => {
    const refused = Object.assign(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]), {
      code: 'ECONNREFUSED',
    })
    expect(readNetworkFailure(fetchFailed(refused))).toEqual({ code: 'ECONNREFUSED', retryable: true })
  })

  it('G9: a code is read from at most five causes', () => {
    const wrap = (depth: number): unknown => (depth === 0 ? withCode('EPIPE') : fetchFailed(wrap(depth - 1)))
    expect(readNetworkFailure(wrap(4))).toEqual({ code: 'EPIPE', retryable: true })
    expect(readNetworkFailure(wrap(5))).toEqual({ code: undefined, retryable: true })
  })

  it('G9: the code of the error itself, without a cause, is read', () => {
    expect(readNetworkFailure(withCode('EPIPE'))).toEqual({ code: 'EPIPE', retryable: true })
  })

  it.each([
    ['no Error', 'secret-1'],
    ['nothing', undefined],
    ['null', null],
    ['an Error without a code', new Error('secret-1')],
    ['a code that is a sentence', withCode('request with secret-1 failed')],
    ['a code that is a number', withCode(20)],
    ['a code that is a list', withCode(['ECONNREFUSED'])],
    ['a code that is an object', withCode({ secret: 'secret-1' })],
    ['a code of endless length', withCode('A'.repeat(200))],
    ['a code with a line break', withCode('ECONNREFUSED\nsecret-1')],
  ])('X1: %s shows no code', (_, failure) => {
    expect(readNetworkFailure(fetchFailed(failure))).toEqual({ code: undefined, retryable: true })
    expect(readNetworkFailure(failure)).toEqual({ code: undefined, retryable: true })
  })

  it('X1: circular causes are read once', () => {
    const circle: { cause?: unknown } = {}
    circle.cause = circle
    expect(readNetworkFailure(circle)).toEqual({ code: undefined, retryable: true })
  })
})

describe('explainNetworkFailure', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'its TLS certificate has expired', 'renewed'],
    ['CERT_NOT_YET_VALID', 'its TLS certificate is not valid yet', 'clock'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its TLS certificate is self-signed', 'NODE_EXTRA_CA_CERTS'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'does not trust', 'NODE_EXTRA_CA_CERTS'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'does not trust', 'NODE_EXTRA_CA_CERTS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'without the intermediate certificates', 'whole chain'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its TLS certificate is for another host', 'host name'],
    ['CERT_REVOKED', 'its TLS certificate has been revoked', 'replaced'],
    ['CERT_UNTRUSTED', 'its TLS certificate was rejected', 'NODE_EXTRA_CA_CERTS'],
  ])('%s: what is wrong, not that nobody answered', (code, what, hint) => {
    const { said, hints } = explainNetworkFailure(readNetworkFailure(fetchFailed(withCode(code))))
    expect(said).toMatch(/^cannot be trusted: /)
    expect(said).toContain(what)
    expect(said.endsWith(` (${code})`)).toBe(true)
    expect(hints).toEqual([expect.stringContaining(hint)])
  })

  it.each([
    ['ECONNREFUSED', 'refused the connection', 'port'],
    ['ENOTFOUND', 'has an unknown host name', 'spelling'],
    ['EAI_AGAIN', 'cannot be reached: the name server did not answer', 'name server'],
    ['ETIMEDOUT', 'did not answer: the connection timed out', 'firewall'],
    ['UND_ERR_CONNECT_TIMEOUT', 'did not answer: the connection timed out', 'firewall'],
    ['EHOSTUNREACH', 'cannot be reached: there is no route to its host', 'VPN'],
    ['ENETUNREACH', 'cannot be reached: there is no route to its host', 'VPN'],
    ['ECONNRESET', 'did not answer: the connection was closed before the response', 'proxy'],
    ['UND_ERR_SOCKET', 'did not answer: the connection was closed before the response', 'proxy'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not use TLS on this port', 'http://'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'does not use TLS on this port', 'http://'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'cannot be reached over TLS', 'client certificate'],
  ])('%s: in words, with what to do', (code, what, hint) => {
    const { said, hints } = explainNetworkFailure(readNetworkFailure(fetchFailed(withCode(code))))
    expect(said).toBe(`${what} (${code})`)
    expect(hints).toEqual([expect.stringContaining(hint)])
  })

  it('a code that is not known is named, and no code is none; both have a hint', () => {
    const hints = [expect.stringMatching(/^Try again\..*firewall/)]
    expect(explainNetworkFailure({ code: 'EPIPE', retryable: true })).toEqual({ said: 'did not answer (EPIPE)', hints })
    expect(explainNetworkFailure({ code: undefined, retryable: true })).toEqual({ said: 'did not answer', hints })
  })
})
