import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { NightlatchError, withHints } from '../src/errors.ts'

describe('NightlatchError', () => {
  it('is an Error with a code, and prints as such', () => {
    const error = new NightlatchError('grant_refused', 'acme: no', {
      provider: 'acme',
      status: 401,
      error: 'invalid_client',
    })
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toBe('NightlatchError: acme: no')
    expect(error).toMatchObject({ code: 'grant_refused', retryable: false, hints: [], status: 401 })
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: 'NightlatchError',
      message: 'acme: no',
      status: 401,
    })
    expect(inspect(error)).toMatch(/^NightlatchError: acme: no\n {4}at /)
  })

  it('takes hints without losing anything, and each once', () => {
    const error = new NightlatchError('timed_out', 'late', { retryable: true, hints: ['one'], retryAfter: 3 })
    const hinted = withHints(error, ['one', 'two'])
    expect(hinted).toMatchObject({ code: 'timed_out', retryable: true, retryAfter: 3, hints: ['one', 'two'] })
    expect(hinted.stack).toBe(error.stack)
  })
})
