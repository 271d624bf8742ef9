import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { NightlatchError, redactTypeError, showUrl, withHints } from '../src/errors.ts'
import { findLeaks } from './acquire/printings.ts'

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

describe('instanceof NightlatchError', () => {
  it('recognises the errors of another copy of the package, both ways', async () => {
    vi.resetModules()
    const copy = await import('../src/errors.ts')
    expect(copy.NightlatchError).not.toBe(NightlatchError)
    const theirs = new copy.NightlatchError('timed_out', 'late')
    expect(theirs instanceof NightlatchError).toBe(true)
    expect(new NightlatchError('timed_out', 'late') instanceof copy.NightlatchError).toBe(true)
    expect(withHints(theirs, ['one'])).toMatchObject({ code: 'timed_out', message: 'late', hints: ['one'] })
  })

  it('a subclass recognises its own instances only', () => {
    class SubclassError extends NightlatchError {}
    class OtherError extends NightlatchError {}
    const error = new SubclassError('timed_out', 'late')
    expect(error instanceof NightlatchError).toBe(true)
    expect(error instanceof SubclassError).toBe(true)
    expect(error instanceof OtherError).toBe(false)
    expect(new NightlatchError('timed_out', 'late') instanceof SubclassError).toBe(false)
  })

  const error = new NightlatchError('timed_out', 'late')
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'NightlatchError'],
    ['another error', new Error('late')],
    ['an object of the same fields', { ...error, name: 'NightlatchError', message: 'late' }],
    ['its JSON', error.toJSON()],
    ['an object with the brand itself', { [Symbol.for('nightlatch.error')]: true }],
    ['the prototype', NightlatchError.prototype],
    ['the class', NightlatchError],
  ])('does not recognise %s', (_, value) => {
    expect(value instanceof NightlatchError).toBe(false)
  })

  it('the brand is on no error itself, so it is not printed', () => {
    expect(Reflect.ownKeys(error).filter((key) => typeof key === 'symbol')).toEqual([])
    expect(inspect(error)).not.toContain('nightlatch.error')
  })
})

describe('an error of a provider’s function', () => {
  it('X1: a TypeError loses its message, and another error stays as it is', () => {
    let thrown: unknown
    try {
      new Headers().set('authorization', 'Basic MARKED\nsecret')
    } catch (failure) {
      thrown = failure
    }
    expect(String(thrown)).toContain('MARKED')
    const shown = redactTypeError('acme', 'clientAuthentication', thrown)
    expect(shown).toMatchObject({ code: 'invalid_options', provider: 'acme' })
    expect(String(shown)).toContain('clientAuthentication threw a TypeError')
    expect(findLeaks(shown, ['MARKED'])).toEqual([])
    const own = new RangeError('the vault is shut')
    expect(redactTypeError('acme', 'clientAuthentication', own)).toBe(own)
  })
})

describe('showUrl', () => {
  it.each([
    ['https://login.acme.test/token?key=MARKED#MARKED', 'https://login.acme.test/token'],
    ['https://user:MARKED@login.acme.test:8443/A/b', 'https://login.acme.test:8443/A/b'],
    ['https://login.acme.test', 'https://login.acme.test/'],
  ])('X2: %s is shown as %s', (url, shown) => {
    expect(showUrl(new URL(url))).toBe(shown)
  })
})
