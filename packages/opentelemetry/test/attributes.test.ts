import { NightlatchError } from '@nightlatch/core'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  ERROR_TYPE_VALUE_OTHER,
} from '@opentelemetry/semantic-conventions'
import { describe, expect, it } from 'vitest'
import { attribute, detailedFailureOf, failureOf, serverOf, storeFailureOf } from '../src/attributes.ts'

describe('attributes', () => {
  it('have the names of the semantic conventions, or the prefix nightlatch', () => {
    const conventional = [
      ATTR_ERROR_TYPE,
      ATTR_HTTP_RESPONSE_STATUS_CODE,
      ATTR_SERVER_ADDRESS,
      ATTR_SERVER_PORT,
      ATTR_URL_FULL,
    ]
    const others = Object.values(attribute).filter((name) => !name.startsWith('nightlatch.'))
    expect(others.sort()).toEqual(conventional.sort())
  })

  it.each([
    ['https://login.acme.example/token', 'login.acme.example', 443],
    ['http://localhost/token', 'localhost', 80],
    ['http://[::1]:8080/token', '::1', 8080],
  ])('name the server of %s', (url, address, port) => {
    expect(serverOf(url)).toEqual({ 'server.address': address, 'server.port': port })
  })

  it('name no server if none is known', () => {
    expect(serverOf(undefined)).toEqual({})
  })

  it('describe a failure by stable codes', () => {
    const refused = new NightlatchError('grant_refused', 'acme: no', { status: 400, error: 'invalid_scope' })
    const counted = { 'error.type': 'grant_refused', 'http.response.status_code': 400 }
    expect(failureOf(refused)).toEqual(counted)
    expect(detailedFailureOf(refused)).toEqual({ ...counted, 'nightlatch.oauth.error': 'invalid_scope' })
    expect(failureOf(new NightlatchError('timed_out', 'late'))).toEqual({ 'error.type': 'timed_out' })
    expect(failureOf(new Error('any'))).toEqual({ 'error.type': ERROR_TYPE_VALUE_OTHER })
    expect(failureOf(undefined)).toEqual({ 'error.type': ERROR_TYPE_VALUE_OTHER })
    expect(storeFailureOf('EPIPE')).toEqual({ 'error.type': 'EPIPE' })
    expect(storeFailureOf(undefined)).toEqual({ 'error.type': ERROR_TYPE_VALUE_OTHER })
  })
})
