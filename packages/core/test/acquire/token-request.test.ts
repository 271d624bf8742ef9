import { describe, expect, it } from 'vitest'
import {
  type GrantRequest,
  parametersSchema,
  providerParametersSchema,
  refineGrant,
  scopesSchema,
} from '../../src/acquire/token-request.ts'
import { findMistakes } from '../../src/platform/validation.ts'

const empty: GrantRequest = { scopes: [], parameters: {} }

describe('refineGrant: scopes', () => {
  it.each([
    [
      ['b', 'a'],
      ['b', 'a'],
    ],
    [
      ['a b', 'c'],
      ['a', 'b', 'c'],
    ],
    [['  a   b  '], ['a', 'b']],
    [['a\tb\r\nc'], ['a', 'b', 'c']],
    [
      ['a', 'b', 'a'],
      ['a', 'b'],
    ],
    [
      ['Read', 'read', 'READ'],
      ['Read', 'read', 'READ'],
    ],
    [['1F0B2A3C-AB12-4CDE-9F01-0123456789AB ingr.api'], ['1F0B2A3C-AB12-4CDE-9F01-0123456789AB', 'ingr.api']],
    [['', ' '], []],
    [[], []],
  ])('G5: %o is requested as %o', (given, requested) => {
    expect(refineGrant(empty, { scopes: given }).scopes).toEqual(requested)
  })

  it('G5: given scopes replace the base, missing ones keep it', () => {
    const base = refineGrant(empty, { scopes: ['a', 'b'] })
    expect(refineGrant(base, {}).scopes).toEqual(['a', 'b'])
    expect(refineGrant(base, { scopes: undefined }).scopes).toEqual(['a', 'b'])
    expect(refineGrant(base, { scopes: ['c'] }).scopes).toEqual(['c'])
    expect(refineGrant(base, { scopes: [] }).scopes).toEqual([])
  })

  it("L3: the caller's list is neither changed nor shared", () => {
    const given = ['b', 'a', 'a']
    const { scopes } = refineGrant(empty, { scopes: given })
    given.push('c')
    expect(scopes).toEqual(['b', 'a'])
    expect(given).toEqual(['b', 'a', 'a', 'c'])
  })
})

describe('refineGrant: parameters', () => {
  it('G6: the later one wins, name by name', () => {
    const base = refineGrant(empty, { parameters: { audience: 'one', resource: 'urn:a' } })
    expect(refineGrant(base, { parameters: { audience: 'two', acr_values: 'idp:x' } }).parameters).toEqual({
      audience: 'two',
      resource: 'urn:a',
      acr_values: 'idp:x',
    })
    expect(base.parameters).toEqual({ audience: 'one', resource: 'urn:a' })
  })

  it('G6: empty ones are removed, and remove earlier ones of the same name', () => {
    const base = refineGrant(empty, { parameters: { audience: 'one', resource: ['urn:a', '', 'urn:b'], none: '' } })
    expect(base.parameters).toEqual({ audience: 'one', resource: ['urn:a', 'urn:b'] })
    expect(refineGrant(base, { parameters: { audience: '', resource: ['', ''] } }).parameters).toEqual({})
    expect(refineGrant(base, { parameters: { resource: [] } }).parameters).toEqual({ audience: 'one' })
  })

  it('R6: a parameter by the name of __proto__ changes nothing', () => {
    const parameters = JSON.parse('{"__proto__":"polluted","audience":"one"}') as Record<string, string>
    const refined = refineGrant(empty, { parameters })
    expect(Object.getPrototypeOf(refined.parameters)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('schemas', () => {
  it.each([
    [scopesSchema, [1], '.0 must be a string'],
    [scopesSchema, ['a\0'], '.0 must not contain control characters'],
    [parametersSchema, 'a=b', ' must be an object of strings and arrays of strings'],
    [parametersSchema, { a: 1 }, '.a must be a string or an array of strings'],
    [
      parametersSchema,
      { audience: 'x', client_id: 'MARKED' },
      ' must not contain grant_type, client_id, client_secret, client_assertion, client_assertion_type, because the provider and the credentials set them',
    ],
  ])('G6: a mistake is named (%#)', (schema, value, mistake) => {
    expect(findMistakes(schema, value, 'options.x')).toEqual([`options.x${mistake}`])
  })

  it.each(['grant_type', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'])(
    "G6: a client's parameters may not hold %s, a provider's may",
    (name) => {
      expect(findMistakes(parametersSchema, { [name]: 'MARKED' }, 'options.parameters')).toEqual([
        expect.stringContaining(name),
      ])
      expect(findMistakes(parametersSchema, { [name]: 'MARKED' }, 'options.parameters').join()).not.toContain('MARKED')
      expect(findMistakes(providerParametersSchema, { [name]: 'x' }, 'provider.parameters')).toEqual([])
    },
  )

  it('G5: scope is rejected as a parameter', () => {
    for (const schema of [parametersSchema, providerParametersSchema]) {
      expect(findMistakes(schema, { scope: 'a' }, 'options.parameters')).toEqual([expect.stringContaining('scopes')])
    }
  })

  it.each([
    ['text'],
    [null],
    [{ audience: 1 }],
    [{ audience: null }],
    [{ resource: ['urn:a', 2] }],
    [{ x: { y: 'z' } }],
  ])('G6: parameters that are %o are rejected', (parameters) => {
    expect(findMistakes(parametersSchema, parameters, 'options.parameters')).not.toEqual([])
  })

  it('G6: parameters that are strings and lists of strings are accepted', () => {
    const parameters = { audience: 'x', resource: ['urn:a', 'urn:b'], empty: '', none: [] }
    expect(findMistakes(parametersSchema, parameters, 'options.parameters')).toEqual([])
  })

  it.each([['a'], ['a\u0000'], ['\u001b[31m'], ['\u007f'], [1], [null]])(
    'G5: of scopes %o is refused unless plain',
    (scope) => {
      expect(findMistakes(scopesSchema, [scope], 'options.scopes').length).toBe(scope === 'a' ? 0 : 1)
    },
  )

  it('G5: scopes that are one string are rejected', () => {
    expect(findMistakes(scopesSchema, 'a b', 'options.scopes')).toEqual(['options.scopes must be an array of strings'])
  })
})
