import { describe, expect, it } from 'vitest'
import { areEqualTokens } from '../../src/cache/equal-tokens.ts'

const token = { expiresAt: 5, value: 'a', scopes: ['read', 'write'], extra: { tenant: { id: 1 } } }

describe('areEqualTokens', () => {
  it.each([
    ['a copy', structuredClone(token), true],
    [
      'members in another order',
      { extra: { tenant: { id: 1 } }, scopes: ['read', 'write'], value: 'a', expiresAt: 5 },
      true,
    ],
    ['another instant', { ...token, expiresAt: 6 }, false],
    ['a member more', { ...token, type: 'Bearer' }, false],
    ['a member less', { expiresAt: 5, value: 'a', scopes: ['read', 'write'] }, false],
    ['another member of the same number', { expiresAt: 5, value: 'a', scopes: ['read', 'write'], other: {} }, false],
    ['items in another order', { ...token, scopes: ['write', 'read'] }, false],
    ['a list and an object with its items', { ...token, scopes: { 0: 'read', 1: 'write' } }, false],
    ['a difference within', { ...token, extra: { tenant: { id: 2 } } }, false],
    ['null and an object', { ...token, extra: null }, false],
    ['a text and a number', { ...token, extra: { tenant: { id: '1' } } }, false],
    ['an inherited member', { ...token, extra: { toString: 1 } }, false],
  ])('tells %s', (_, other, isEqual) => {
    expect(areEqualTokens(token, other)).toBe(isEqual)
    expect(areEqualTokens(other, token)).toBe(isEqual)
  })

  it('compares null with null, and an own member with an inherited one', () => {
    expect(areEqualTokens({ expiresAt: 1, extra: null }, { expiresAt: 1, extra: null })).toBe(true)
    expect(areEqualTokens({ expiresAt: 1, toString: undefined }, { expiresAt: 1, other: 1 })).toBe(false)
  })
})
