import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MarkedSecrets } from '../src/leak-search.ts'

const secret = 'm4rk+/=: %?&"\\secret\u00e9-9f'

function search(): MarkedSecrets {
  const secrets = new MarkedSecrets()
  secrets.mark('the secret', secret)
  return secrets
}

describe('a marked secret is found', () => {
  const padded = (before: string, encoding: BufferEncoding): string =>
    Buffer.from(`${before}${secret} and more`).toString(encoding)
  it.each([
    ['as it is', `x${secret}x`],
    ['in JSON', JSON.stringify({ a: [secret] })],
    ['as it is inspected', inspect({ secret })],
    ['in a URL', `https://a.test/?x=${encodeURIComponent(secret)}`],
    ['in a URL in lower case', encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase())],
    ['in a form', new URLSearchParams({ secret }).toString()],
    ['in hex', padded('id', 'hex')],
    ...['', 'a', 'ab', 'abc', 'client-id:'].flatMap((before) => [
      [`in Base64 after ${before.length} characters`, padded(before, 'base64')],
      [`in base64url after ${before.length} characters`, padded(before, 'base64url')],
    ]),
  ])('%s', (_, text) => {
    expect(search().findIn(text as string)).toEqual(['the secret'])
  })

  const circle = new Error('outer')
  circle.cause = circle
  it.each([
    ['an error’s message', new Error(secret)],
    ['an error’s cause', new Error('a', { cause: new Error('b', { cause: { body: secret } }) })],
    ['one of several errors', new AggregateError([new Error(secret)])],
    ['a field that is not enumerable', Object.defineProperty({}, 'value', { value: secret })],
    ['a symbol', { [Symbol('x')]: secret }],
    ['what toJSON answers', { toJSON: () => ({ secret }) }],
    ['what toString answers', { toString: () => secret }],
    ['a field of an error', Object.assign(new Error('a'), { config: { headers: { a: secret } } })],
    ['a Map', new Map([['a', new Map([[secret, 1]])]])],
    ['headers', new Headers({ authorization: `Basic ${Buffer.from(`a:${secret}`).toString('base64')}` })],
  ])('in %s', (_, value) => {
    expect(search().findPrinted(value)).toEqual(['the secret'])
  })

  it('but not in values without it, even circular ones', () => {
    expect(search().findPrinted(circle)).toEqual([])
    expect(search().findIn(encodeURIComponent(secret.slice(1)))).toEqual([])
  })

  it('by the request that carried it', () => {
    const secrets = new MarkedSecrets()
    const headers = new Headers({ authorization: 'Basic abcdefghijkl', dpop: 'aaaaaaaa.bbbbbbbb.cccccccc' })
    secrets.markRequest({ headers }, 'client_assertion=dddddddd.eeeeeeee.ffffffff&scope=readreadread')
    expect(secrets.findIn('abcdefghijkl')).toEqual(['the header authorization'])
    expect(secrets.findIn('cccccccc')).toEqual(['a part of the header dpop'])
    expect(secrets.findIn('eeeeeeee')).toEqual(['a part of the assertion'])
    expect(secrets.findIn('readreadread Basic')).toEqual([])
  })
})
