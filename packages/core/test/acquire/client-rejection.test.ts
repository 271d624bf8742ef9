import { describe, expect, it } from 'vitest'
import { isClientRejected, isCredentialRejected } from '../../src/acquire/client-rejection.ts'
import { type ErrorCode, NightlatchError } from '../../src/errors.ts'

describe('what a failed grant says about the client', () => {
  it.each<[ErrorCode, number, string | undefined, { credentials: boolean; client: boolean }]>([
    ['grant_refused', 401, undefined, { credentials: true, client: true }],
    ['grant_refused', 401, 'invalid_scope', { credentials: true, client: true }],
    ['grant_refused', 400, 'invalid_client', { credentials: true, client: true }],
    ['grant_refused', 200, 'invalid_client', { credentials: true, client: true }],
    ['grant_refused', 400, 'unauthorized_client', { credentials: true, client: false }],
    ['grant_refused', 403, 'access_denied', { credentials: true, client: false }],
    ['grant_refused', 400, 'invalid_grant', { credentials: true, client: false }],
    ['grant_refused', 400, 'invalid_scope', { credentials: false, client: false }],
    ['grant_refused', 403, undefined, { credentials: false, client: false }],
    ['response_unreadable', 401, undefined, { credentials: false, client: false }],
    ['endpoint_unavailable', 503, 'invalid_client', { credentials: false, client: false }],
  ])('L8: %s with %d and %s', (code, status, error, { credentials, client }) => {
    const failure = new NightlatchError(code, 'no', { status, error })
    expect(isCredentialRejected(failure)).toBe(credentials)
    expect(isClientRejected(failure)).toBe(client)
  })
})
