import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readChallenge } from '../src/challenge.ts'

const read = (header?: string) =>
  readChallenge({ headers: new Headers(header === undefined ? {} : { 'www-authenticate': header }) })
const nothing = { error: undefined, scopes: [], resourceMetadata: undefined }

describe('readChallenge', () => {
  it.each([
    ['no header', undefined, nothing],
    ['a scheme alone', 'Bearer', nothing],
    [
      'quoted values with commas and escapes',
      'Bearer realm="a, \\"b\\"", error="insufficient_scope", scope="mcp:read mcp:write", resource_metadata="https://x.example/m"',
      { error: 'insufficient_scope', scopes: ['mcp:read', 'mcp:write'], resourceMetadata: 'https://x.example/m' },
    ],
    [
      'values without quotes, and names in upper case',
      'bearer ERROR=invalid_token, Scope=a',
      { ...nothing, error: 'invalid_token', scopes: ['a'] },
    ],
    [
      'the challenge after one of another scheme',
      'Negotiate YII/+abc==, Basic realm="x", error="no", Bearer scope="a"',
      { ...nothing, scopes: ['a'] },
    ],
    [
      'the first of a DPoP and a Bearer challenge',
      'DPoP algs="ES256", scope="first", Bearer scope="second"',
      { ...nothing, scopes: ['first'] },
    ],
    ['what is no scope', 'Bearer scope="a\tb  c \u00e9 d"', { ...nothing, scopes: ['c', 'd'] }],
    ['a quote that does not end', 'Bearer scope="a b', nothing],
  ])('reads %s', (_, header, challenge) => {
    expect(read(header)).toEqual(challenge)
  })

  it('reads nothing from a header that is too long', () => {
    expect(read(`Bearer scope="a", realm="${'x'.repeat(9000)}"`)).toEqual(nothing)
  })

  it('reads any header without failing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('Bearer ', 'scope', '=', '"', '\\', 'a', ',', ' ', 'error')), (parts) => {
        const { scopes } = read(parts.join(''))
        expect(scopes.every((scope) => !scope.includes(' '))).toBe(true)
      }),
    )
  })
})
