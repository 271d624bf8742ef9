import { expect, it } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { RejectionHistory } from '../../src/fetch/rejection-history.ts'
import { RequestTokens } from '../../src/fetch/request-tokens.ts'

const make = (value: string): AccessToken =>
  createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })

/** A source that holds `held`, and says what it was asked. */
function start(replace: () => Promise<AccessToken>) {
  const asked: (string | undefined)[] = []
  const tokens = new RequestTokens(async (options) => {
    asked.push(options?.rejected?.value)
    return options?.rejected === undefined ? make('held') : await replace()
  })
  return { tokens, asked }
}

it('H3: a rejected token is replaced by the next request, and by no other', async () => {
  const { tokens, asked } = start(async () => make('new'))
  expect((await tokens.next()).value).toBe('held')
  tokens.reject(make('held'))
  expect((await Promise.all([tokens.next(), tokens.next()])).map(({ value }) => value)).toEqual(['new', 'new'])
  await tokens.next()
  expect(asked).toEqual([undefined, 'held', 'held', undefined])
})

it('L5: where no other token can be had, the request gets the one that is held, and later requests do not try again', async () => {
  const { tokens, asked } = start(() => Promise.reject(new Error('down')))
  tokens.reject(make('held'))
  expect((await tokens.next()).value).toBe('held')
  expect((await tokens.next()).value).toBe('held')
  expect(asked).toEqual(['held', undefined, undefined])
})

it('L4: a caller that gives up leaves the replacement to the next one', async () => {
  const controller = new AbortController()
  const { tokens, asked } = start(async () => {
    if (controller.signal.aborted) return make('new')
    controller.abort(new Error('enough'))
    throw controller.signal.reason
  })
  tokens.reject(make('held'))
  await expect(tokens.next(controller.signal)).rejects.toThrow('enough')
  expect((await tokens.next()).value).toBe('new')
  expect(asked).toEqual(['held', 'held'])
})

it('H3: a rejection that comes while a token is replaced counts, too', async () => {
  const { promise, resolve } = Promise.withResolvers<AccessToken>()
  const { tokens, asked } = start(() => promise)
  tokens.reject(make('first'))
  const waiting = tokens.next()
  tokens.reject(make('second'))
  resolve(make('third'))
  await waiting
  await tokens.next()
  expect(asked).toEqual(['first', 'second'])
})

it.each([
  [200, undefined, true],
  [404, { url: '' }, true],
  [403, { url: 'https://api.acme.example/y' }, true],
  [200, { url: 'https://elsewhere.example/x' }, false],
  [408, undefined, false],
  [429, undefined, false],
  [499, undefined, true],
  [500, undefined, false],
])('L5: whether a %d, answered by %o, accepts the token', (status, response, isAccepted) => {
  const history = new RejectionHistory(() => 0)
  const tokens = new RequestTokens(async () => make('held'), history, 'own')
  const url = 'https://api.acme.example/x'
  tokens.reject(make('held'), new URL(url))
  tokens.accept(status, url, response)
  expect(history.isEmpty).toBe(isAccepted)
})
