import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { findLeaks } from './printings.ts'

const secret = 'MARKED-token-value-7f3a'
const hidden = 'MARKED-refresh-token-91bc'
const fields: AccessToken = {
  value: secret,
  type: 'Bearer',
  scopes: ['read', 'write'],
  expiresAt: new Date('2026-11-20T13:00:00Z'),
  extra: { refresh: hidden, nested: { deep: [{ token: hidden }] } },
}
const token = createAccessToken(fields)

describe('createAccessToken', () => {
  it('X1: the token has what was given', () => {
    expect(token.value).toBe(secret)
    expect(token.extra).toEqual(fields.extra)
    expect(token).toMatchObject({ type: 'Bearer', scopes: ['read', 'write'], expiresAt: fields.expiresAt })
  })

  it('X1: a token is frozen, and does not share the objects it was created from', () => {
    const scopes = ['read']
    const extra = { list: [{ a: 1 }], nested: { deep: true } }
    const made = createAccessToken({ ...fields, scopes, extra })
    scopes.push('write')
    extra.nested.deep = false
    Object.assign(extra.list[0] ?? {}, { a: 2 })
    expect(made.scopes).toEqual(['read'])
    expect(made.extra).toEqual({ list: [{ a: 1 }], nested: { deep: true } })
    for (const part of [
      made,
      made.scopes,
      made.extra,
      made.extra.list,
      (made.extra.list as unknown[])[0],
      made.extra.nested,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(createAccessToken(made).extra).not.toBe(made.extra)
    const proto = createAccessToken({ ...fields, extra: JSON.parse('{"a":{"__proto__":{"b":1}}}') })
    expect(Object.getPrototypeOf(proto.extra.a)).toBe(Object.prototype)
  })

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('X1: a response of any depth works: %s', (_, begin, end) => {
    const levels = 100_000
    const deep: unknown = JSON.parse(`${begin.repeat(levels)}[]${end.repeat(levels)}`)
    expect(Object.keys(createAccessToken({ ...fields, extra: { deep } }).extra)).toEqual(['deep'])
  })

  it('X1: a response may have fields without a value', () => {
    const extra = { refresh: null, nested: { list: [null] } }
    expect(createAccessToken({ ...fields, extra }).extra).toEqual(extra)
  })

  it('X1: no printing at any depth contains the secret or the extra fields', () => {
    expect(findLeaks(token, [secret, hidden])).toEqual([])
    expect(findLeaks({ context: { token } }, [secret, hidden])).toEqual([])
    expect(findLeaks(new Map([['token', token]]), [secret, hidden])).toEqual([])
    expect(findLeaks(new Error('failed', { cause: token }), [secret, hidden])).toEqual([])
    expect(findLeaks(Object.assign(new Error('failed'), { token }), [secret, hidden])).toEqual([])
  })

  it('X1: the leak finder finds what leaks', () => {
    expect(findLeaks(fields, [secret, hidden])).toEqual([secret, hidden])
    expect(findLeaks(new Error('failed', { cause: { deep: { er: { still: fields } } } }), [secret])).toEqual([secret])
  })

  it('X1: printing says that the value is redacted', () => {
    expect(inspect(token)).toContain('[redacted]')
    expect(JSON.stringify(token)).toContain('[redacted]')
    expect(`${token}`).toContain('[redacted]')
  })

  it('X1: JSON keeps all but the secrets', () => {
    expect(JSON.parse(JSON.stringify(token))).toEqual({
      value: '[redacted]',
      type: 'Bearer',
      scopes: ['read', 'write'],
      expiresAt: '2026-11-20T13:00:00.000Z',
    })
  })

  it('X1: value and extra are not enumerable, own or inherited', () => {
    const names: string[] = []
    for (const name in token) names.push(name)
    expect(names.sort()).toEqual(['scopes', 'type'])
    expect(Object.keys(token).sort()).toEqual(['scopes', 'type'])
    expect(Object.entries(token).flat()).not.toContain(secret)
    expect(Reflect.ownKeys(token).map(String).sort()).toEqual(['scopes', 'type'])
  })

  it('X1: copies by spreading, assigning and cloning have no value', () => {
    for (const copy of [{ ...token }, Object.assign({}, token), structuredClone(token)]) {
      expect(copy).toEqual({ type: 'Bearer', scopes: ['read', 'write'] })
      expect('value' in copy).toBe(false)
      expect('extra' in copy).toBe(false)
    }
  })

  it('X1: a token in a message by concatenation is redacted', () => {
    expect(`Authorization: Bearer ${token}`).toBe('Authorization: Bearer AccessToken [redacted]')
    expect([token].join()).toBe('AccessToken [redacted]')
  })

  it('L1: a token cannot be written to', () => {
    token.expiresAt?.setTime(0)
    expect(token.expiresAt).toEqual(fields.expiresAt)
    expect(Object.isFrozen(token)).toBe(true)
    expect(() => Object.assign(token, { type: 'Basic' })).toThrow(TypeError)
    expect(() => Object.assign(token, { value: 'other' })).toThrow(TypeError)
  })

  it('R3: an unknown lifetime and unknown scopes stay unknown', () => {
    const unknown = createAccessToken({
      value: secret,
      type: 'Bearer',
      scopes: undefined,
      expiresAt: undefined,
      extra: {},
    })
    expect(unknown.scopes).toBeUndefined()
    expect(unknown.expiresAt).toBeUndefined()
    expect(findLeaks(unknown, [secret])).toEqual([])
  })
})
