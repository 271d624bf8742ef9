import { describe, expect, it, vi } from 'vitest'
import type { AssertionSource } from '../../src/acquire/assertion-source.ts'
import type { Credentials } from '../../src/acquire/credentials.ts'
import { type CredentialsOf, RequestCredentials } from '../../src/acquire/request-credentials.ts'
import { NightlatchError } from '../../src/errors.ts'

const old: Credentials = { clientId: 'app', clientSecret: 'old' }
const next: Credentials = { clientId: 'app', clientSecret: 'next' }
const rejection = new NightlatchError('grant_refused', 'no', { status: 401, error: 'invalid_client' })
const toJwt = (sub: string): string => `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.signature`

async function read(others: () => Promise<Credentials | undefined>, source?: AssertionSource) {
  const readOthers = vi.fn<CredentialsOf['readOthers']>(others)
  const readFirst = vi.fn<CredentialsOf['read']>(async () => old)
  const controller = new AbortController()
  const { signal } = controller
  const client = { read: readFirst, readOthers }
  const credentials = await RequestCredentials.read(client, { source, now: Date.now, signal, timeout: 7 })
  return { credentials, readFirst, readOthers, controller }
}

describe('the credentials of one request', () => {
  it('are read within the time of the request', async () => {
    const { credentials, readFirst, controller } = await read(async () => undefined)
    expect(credentials.current).toBe(old)
    expect(credentials.assertions).toBeUndefined()
    expect(readFirst.mock.calls).toEqual([[controller.signal, 7]])
  })

  it('L8: are replaced once if the server rejects them', async () => {
    const { credentials, readOthers, controller } = await read(async () => next)
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(credentials.current).toBe(next)
    expect(readOthers.mock.calls).toEqual([[old, controller.signal]])
    expect(await credentials.renewAfter(rejection)).toBe(false)
    expect(readOthers).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['another grant error', new NightlatchError('grant_refused', 'no', { status: 400, error: 'invalid_scope' })],
    ['another error', new TypeError('invalid_client')],
  ])('L8: stay after %s', async (_, failure) => {
    const { credentials, readOthers } = await read(async () => next)
    expect(await credentials.renewAfter(failure)).toBe(false)
    expect(readOthers).not.toHaveBeenCalled()
  })

  it.each([
    ['are no others', async () => undefined],
    ['are none to be read', () => Promise.reject(new Error('vault sealed'))],
  ])('L8: stay if there %s, and may be replaced after the next rejection', async (_, others) => {
    const { credentials, readOthers } = await read(others)
    expect(await credentials.renewAfter(rejection)).toBe(false)
    expect(credentials.current).toBe(old)
    readOthers.mockResolvedValueOnce(next)
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(credentials.current).toBe(next)
  })

  it.each([
    ['another JWT', ['a', 'b'], true],
    ['the same JWT', ['a', 'a'], false],
    ['no JWT', ['a', undefined], false],
  ])('L8: a source that returns %s after a rejection', async (_, subjects, isRenewed) => {
    const left = [...subjects]
    const { credentials } = await read(
      async () => undefined,
      () => {
        const subject = left.shift()
        return subject === undefined ? 'no JWT' : toJwt(subject)
      },
    )
    await credentials.assertions?.read()
    expect(await credentials.renewAfter(rejection)).toBe(isRenewed)
    if (isRenewed) expect((await credentials.assertions?.read())?.jwt).toBe(toJwt('b'))
    expect(credentials.current).toBe(old)
  })

  it('L8: a source is asked as well if there are other credentials, and may fail then', async () => {
    const source = vi.fn(() => toJwt('a'))
    const { credentials } = await read(async () => next, source)
    await credentials.assertions?.read()
    source.mockImplementationOnce(() => {
      throw new Error('no platform')
    })
    expect(await credentials.renewAfter(rejection)).toBe(true)
    expect(source).toHaveBeenCalledTimes(2)
  })

  it('G7: a source that hangs ends with the deadline', async () => {
    const source = vi.fn<AssertionSource>(() => toJwt('a'))
    const { credentials, controller } = await read(async () => undefined, source)
    await credentials.assertions?.read()
    source.mockReturnValueOnce(new Promise(() => {}))
    const renewed = credentials.renewAfter(rejection)
    controller.abort()
    expect(await renewed).toBe(false)
  })
})
