import { describe, expect, it } from 'vitest'
import { findNearestName } from '../../src/platform/nearest-name.ts'

describe('findNearestName', () => {
  it.each([
    ['scope', 'scopes'],
    ['SCOPES', 'scopes'],
    ['timeuot', 'timeout'],
    ['token_endpoint', 'tokenEndpoint'],
    ['clientsecret', 'clientSecret'],
    ['client-secret', 'clientSecret'],
    ['onEvents', 'onEvent'],
    ['a', 'b'],
  ])('%s: %s', (typed, name) => {
    expect(findNearestName(typed, ['something', 'else', name])).toBe(name)
  })

  it.each(['audience', 'x', 'sc', '', '__proto__'])('nothing is near %o', (typed) => {
    expect(findNearestName(typed, ['scopes', 'timeout', 'tokenEndpoint'])).toBeUndefined()
  })

  it('the nearest of several', () => {
    expect(findNearestName('token', ['tokens', 'token', 'taken'])).toBe('token')
    expect(findNearestName('scop', ['shop', 'scope'])).toBe('shop')
  })

  it('X3: a long name is not compared', () => {
    expect(findNearestName('x'.repeat(61), ['x'.repeat(60)])).toBeUndefined()
    expect(findNearestName('x'.repeat(60), ['x'.repeat(59)])).toBe('x'.repeat(59))
  })
})
