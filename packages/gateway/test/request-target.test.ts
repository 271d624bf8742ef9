import { describe, expect, it } from 'vitest'
import { parseTarget } from '../src/request-target.ts'
import { traversals } from './traversals.ts'

describe('a request target', () => {
  it.each([
    ['/orders', { name: 'orders', path: '', query: '' }],
    ['/orders/', { name: 'orders', path: '/', query: '' }],
    ['/orders?a=b', { name: 'orders', path: '', query: '?a=b' }],
    [
      "/orders/v1/Instances('a%2fb')/x?$filter=a%20eq%20'b'",
      { name: 'orders', path: "/v1/Instances('a%2Fb')/x", query: "?$filter=a%20eq%20'b'" },
    ],
    ['/orders/%76%31/%e2%82%ac', { name: 'orders', path: '/v1/%E2%82%AC', query: '' }],
    ['/orders/./a/./b', { name: 'orders', path: '/a/b', query: '' }],
    ['/orders/a/.', { name: 'orders', path: '/a/', query: '' }],
    ['/orders/.well-known/..hidden/a..b/...', { name: 'orders', path: '/.well-known/..hidden/a..b/...', query: '' }],
    ['/orders/100%25', { name: 'orders', path: '/100%25', query: '' }],
    ['/%6frders/a', { name: 'orders', path: '/a', query: '' }],
    ['/orders/a?b=../../c', { name: 'orders', path: '/a', query: '?b=../../c' }],
  ])('%s', (target, parsed) => {
    expect(parseTarget(target)).toEqual(parsed)
  })

  it('is written in one way however it was sent, so that rules judge what is forwarded', () => {
    const spellings = ['/o/a~b', '/o/%61~b', '/o/a%7eb', '/o/a%7Eb', '/o/./a~b']
    expect(new Set(spellings.map((target) => JSON.stringify(parseTarget(target)))).size).toBe(1)
  })

  it.each(traversals)('refuses %s', (target) => {
    expect(parseTarget(target)).toEqual(expect.any(String))
  })

  it.each([
    'http://a/orders',
    '*',
    'orders',
    '',
    '/orders/a b',
    '/orders/a#b',
    '/orders/a?b#c',
    '/orders/é',
    '/o/%zz',
    '/o/%4',
    '/o/%',
  ])('refuses %j', (target) => {
    expect(parseTarget(target)).toEqual(expect.any(String))
  })
})
