import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AccessToken, createAccessToken } from '../../src/acquire/access-token.ts'
import { RejectionHistory, RequestTokens } from '../../src/fetch/request-tokens.ts'
import { stopTimers } from '../virtual-time.ts'

afterEach(() => void vi.useRealTimers())

const make = (value: string): AccessToken =>
  createAccessToken({ value, type: 'Bearer', scopes: undefined, expiresAt: undefined, extra: {} })

const orders = new URL('https://api.acme.example/v2/orders')
const billing = new URL('https://api.acme.example/v2/billing')
const elsewhere = new URL('https://files.acme.example/v2/orders')

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

it('L5: requests wait for a replacement two seconds in all, from the first of them', async () => {
  stopTimers()
  await vi.advanceTimersByTimeAsync(5000)
  const { tokens } = start(() => new Promise(() => {}))
  tokens.reject(make('held'))
  const served: string[] = []
  const send = (name: string): void => void tokens.next().then(({ value }) => served.push(`${name}: ${value}`))
  send('first')
  await vi.advanceTimersByTimeAsync(1500)
  send('second')
  await vi.advanceTimersByTimeAsync(499)
  expect(served).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(served.toSorted()).toEqual(['first: held', 'second: held'])
})

describe.each<[string, (tokens: RequestTokens, signal?: AbortSignal) => Promise<AccessToken>]>([
  [
    'a rejection that leads to no replacement',
    (tokens, signal) => {
      for (const rejected of ['1', '2', '3']) tokens.reject(make(rejected), orders)
      return tokens.replace(make('4'), signal, orders)
    },
  ],
  [
    'a replacement that failed',
    (tokens, signal) => {
      tokens.reject(make('held'))
      return tokens.next(signal)
    },
  ],
])('the cached token after %s', (_what, next) => {
  const failReplacement = (): Promise<AccessToken> => Promise.reject(new Error('down'))

  it('L5: is what the request gets', async () => {
    const history = new RejectionHistory(() => 0)
    const obtain = async (options: { readonly rejected?: unknown } = {}): Promise<AccessToken> =>
      options.rejected === undefined ? make('held') : failReplacement()
    expect((await next(new RequestTokens(obtain, history, 'own'))).value).toBe('held')
  })

  it('L4: is awaited only as long as the caller wants', async () => {
    const { promise: waiting, resolve: wait } = Promise.withResolvers<void>()
    const tokens = new RequestTokens(
      async ({ rejected, signal } = {}) => {
        if (rejected !== undefined) return await failReplacement()
        wait()
        return await new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        )
      },
      new RejectionHistory(() => 0),
      'own',
    )
    const controller = new AbortController()
    const call = next(tokens, controller.signal)
    await waiting
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
  })
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

/** A history, in a time that each test controls, and an API that rejects every token. */
function startHistory() {
  let now = 0
  const history = new RejectionHistory(() => now)
  let token = 1
  return {
    history,
    advance(seconds: number) {
      now += seconds * 1000
    },
    /** @returns whether the rejected token was replaced */
    reject(url = orders, identity = 'own') {
      const isReplaced = history.reject(identity, url, `token-${token}`)
      if (isReplaced) token += 1
      return isReplaced
    },
  }
}

/** Which of so many rejections led to a replacement, from 1. */
const replacedOf = (count: number, reject: (at: number) => boolean): number[] =>
  Array.from({ length: count }, (_, at) => at + 1).filter((at) => reject(at))

describe('rejection history', () => {
  it('L5: of the rejections in a row, fewer and fewer lead to a replacement', () => {
    const { history, reject } = startHistory()
    expect(history.isEmpty).toBe(true)
    expect(replacedOf(140, () => reject())).toEqual([1, 2, 3, 5, 9, 17, 33, 65, 129])
    expect(history.isEmpty).toBe(false)
  })

  it('L5: callers that report the same token share its replacement', () => {
    const { history } = startHistory()
    const reject = (token: string): boolean => history.reject('own', orders, token)
    expect([1, 2, 3].map(() => reject('one'))).toEqual([true, true, true])
    expect([1, 2].map(() => reject('two'))).toEqual([true, true])
    expect(reject('three')).toBe(true)
    expect([1, 2, 3].map(() => reject('four'))).toEqual([false, true, true])
  })

  it('L5: an API that accepts a token is asked for none of what it rejected before', () => {
    const { history, reject } = startHistory()
    replacedOf(10, () => reject())
    history.accept('own', orders)
    expect(history.isEmpty).toBe(true)
    expect(replacedOf(10, () => reject())).toEqual([1, 2, 3, 5, 9])
  })

  it('L5: other origins, and other grants, are not concerned', () => {
    const { reject } = startHistory()
    replacedOf(10, () => reject())
    expect(reject()).toBe(false)
    expect([reject(elsewhere), reject(orders, 'other')]).toEqual([true, true])
  })

  it('L5: an API that rejects tokens at every URL is one API', () => {
    const { reject } = startHistory()
    const urls = Array.from({ length: 40 }, (_, id) => new URL(`${orders}/${id}`))
    expect(replacedOf(40, (at) => reject(urls[at - 1]))).toHaveLength(7)
  })

  it('L5: a URL that rejects tokens, while the others of its origin accept them, is slowed down by itself', () => {
    const { history, reject } = startHistory()
    const replaced = replacedOf(40, () => {
      history.accept('own', orders)
      return reject(billing)
    })
    expect(replaced).toEqual([1, 2, 3, 5, 9, 17, 33])
    expect(reject(orders)).toBe(true)
  })

  it.each([
    [1, [1, 2, 3, 5, 9, 17, 33]],
    [10, [1, 2, 3, 4, 5, 7, 11, 18, 31]],
  ])('L5: with %d s between the calls they are about eight, too', (seconds, expected) => {
    const { reject, advance } = startHistory()
    const replaced = replacedOf(40, () => {
      advance(seconds)
      return reject()
    })
    expect(replaced).toEqual(expected)
  })

  it('L5: after ten minutes a rejected token is replaced in any case, and after an hour nothing is left', () => {
    const { reject, advance } = startHistory()
    replacedOf(5000, () => reject())
    advance(599)
    expect(reject()).toBe(false)
    advance(1)
    expect([reject(), reject()]).toEqual([true, false])
    advance(3600)
    expect(replacedOf(9, () => reject())).toEqual([1, 2, 3, 5, 9])
  })

  it('is bounded: the URL that has not rejected a token for longest is forgotten first', () => {
    const { history, reject } = startHistory()
    expect(replacedOf(5, () => reject(elsewhere))).toHaveLength(4)
    for (let id = 0; id < 1000; id += 1) history.reject('own', new URL(`https://host-${id}.acme.example/x`), 'one')
    expect(replacedOf(5, () => reject(elsewhere))).toHaveLength(4)
    const token = { value: 'one' } as never
    for (let id = 0; id < 1001; id += 1) history.postpone(`grant-${id}`, token)
    expect(history.unreplaced('grant-0')).toBeUndefined()
    expect(history.unreplaced('grant-1')?.token).toBe(token)
  })

  it('is bounded: one that was used again counts as new', () => {
    const { history, reject } = startHistory()
    const token = { value: 'one' } as never
    reject(elsewhere)
    history.postpone('grant-0', token)
    for (let id = 1; id < 400; id += 1) history.reject('own', new URL(`https://host-${id}.acme.example/x`), 'one')
    for (let id = 1; id < 1000; id += 1) history.postpone(`grant-${id}`, token)
    expect(reject(elsewhere)).toBe(true)
    history.postpone('grant-0', { value: 'two' } as never)
    for (let id = 400; id < 800; id += 1) history.reject('own', new URL(`https://host-${id}.acme.example/x`), 'one')
    history.postpone('grant-1000', token)
    // The third and the fourth in a row: the history knows of the first two.
    expect(replacedOf(2, () => reject(elsewhere))).toEqual([1])
    expect(history.unreplaced('grant-0')?.token.value).toBe('two')
    expect(history.unreplaced('grant-1')).toBeUndefined()
  })

  it('H3: leaves a replacement to the next request of that grant, until it is settled', () => {
    const { history } = startHistory()
    const token = { value: 'one' } as never
    expect(history.unreplaced('own')).toBeUndefined()
    history.postpone('own', token)
    const unreplaced = history.unreplaced('own')
    if (unreplaced === undefined) throw new Error('nothing is left to the next request')
    expect([unreplaced.token, unreplaced.waitUntil, history.unreplaced('other')]).toEqual([token, undefined, undefined])
    history.postpone('own', token)
    expect(history.unreplaced('own')).toBe(unreplaced)
    history.settle('own', { token, waitUntil: undefined })
    expect(history.unreplaced('own')).toBe(unreplaced)
    history.settle('own', unreplaced)
    expect(history.unreplaced('own')).toBeUndefined()
  })
})
