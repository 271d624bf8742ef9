import { generateKeyPairSync } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ClientAuthentication } from '../../src/acquire/authentication-method.ts'
import { requiredCredential } from '../../src/acquire/authentication-method.ts'
import {
  clientSecretBasic,
  clientSecretPost,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from '../../src/acquire/client-authentication.ts'
import { type Credentials, CredentialsReader, findCredentialsMistakes } from '../../src/acquire/credentials.ts'
import { NightlatchError } from '../../src/errors.ts'
import { findLeaks } from './printings.ts'

const secret = 'MARKED-secret-2b9d'
const good: Credentials = { clientId: 'app', clientSecret: secret }

const junk: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['nothing', undefined, ['']],
  ['null', null, ['']],
  ['a text', secret, ['']],
  ['a number', 17, ['']],
  ['an empty object', {}, ['.clientId']],
  ['a secret alone', { clientSecret: secret }, ['.clientId']],
  ['an empty id', { clientId: '', clientSecret: secret }, ['.clientId']],
  ['an empty secret', { clientId: 'app', clientSecret: '' }, ['.clientSecret']],
  ['an undefined secret', { clientId: 'app', clientSecret: undefined }, ['.clientSecret']],
  ['two wrong ones', { clientId: 1, clientSecret: null }, ['.clientId', '.clientSecret']],
  ['a line break after the secret', { clientId: 'app', clientSecret: `${secret}\n` }, ['.clientSecret']],
  ['a line break after the id', { clientId: 'app\r\n', clientSecret: secret }, ['.clientId']],
  ['a null in the secret', { clientId: 'app', clientSecret: `${secret}\0` }, ['.clientSecret']],
  ['a misspelt name', { clientId: 'app', client_secret: secret }, ['.client_secret']],
  ['a key that is a text', { clientId: 'app', privateKey: secret }, ['.privateKey']],
]

describe('findCredentialsMistakes', () => {
  const own: ClientAuthentication = { name: 'own', authenticate: () => {} }

  it.each<[string, unknown]>([
    ['an id and a secret', good],
    ['any characters', { clientId: 'a:+%/=& ü', clientSecret: '\u{1f511} :+%/=&?#' }],
    ['a function, which is asked later', () => good],
  ])('G2: %s is accepted, whatever the authentication', (_, source) => {
    for (const authentication of [undefined, clientSecretBasic(), clientSecretPost(), own]) {
      expect(findCredentialsMistakes(source, requiredCredential(authentication))).toEqual([])
    }
  })

  it('G8: an id and a private key, or an id alone, are accepted by an authentication that needs no secret', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
    const keyed = { clientId: 'app', privateKey: pair.privateKey, keyId: 'k1' }
    expect(findCredentialsMistakes(keyed, undefined)).toEqual([])
    expect(findCredentialsMistakes({ clientId: 'app' }, undefined)).toEqual([])
  })

  it.each([
    ['the default one', undefined],
    ['Basic, form', clientSecretBasic({ encoding: 'form' })],
    ['Basic, raw', clientSecretBasic({ encoding: 'raw' })],
    ['post', clientSecretPost()],
  ])('G2: an id alone is refused where the authentication needs a secret: %s', (_, authentication) => {
    expect(findCredentialsMistakes({ clientId: 'app' }, requiredCredential(authentication))).toEqual([
      expect.stringMatching(/^options\.credentials\.clientSecret is missing/),
    ])
  })

  it('G8: a key where a secret is needed, and a secret where a key is', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])
    const keyed = { clientId: 'app', privateKey }
    expect(findCredentialsMistakes(keyed, 'privateKey')).toEqual([])
    expect(findCredentialsMistakes(good, 'clientSecret')).toEqual([])
    expect(findCredentialsMistakes(keyed, 'clientSecret')).toEqual([
      'options.credentials.clientSecret is missing: the provider authenticates its client with a secret',
    ])
    expect(findCredentialsMistakes(good, 'privateKey')).toEqual([
      'options.credentials.privateKey is missing: the provider authenticates its client with a private key',
    ])
    for (const authentication of [tlsClientAuth(), none()]) {
      for (const source of [keyed, good, { clientId: 'app' }]) {
        expect(findCredentialsMistakes(source, requiredCredential(authentication))).toEqual([])
      }
    }
  })

  it('G8: a key that cannot sign for a client is refused by its path, whatever the authentication', async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])
    for (const [key, what] of [
      [publicKey, 'is a public key'],
      [privateKey, 'is extractable'],
      ['-----BEGIN PRIVATE KEY-----', 'is neither PEM'],
      [{ d: 'MARKED' }, 'is neither a CryptoKey, nor PEM, nor a JWK'],
    ] as const) {
      for (const authentication of [privateKeyJwt(), undefined, none()]) {
        const mistakes = findCredentialsMistakes(
          { clientId: 'app', privateKey: key },
          requiredCredential(authentication),
        )
        expect(mistakes).toHaveLength(1)
        expect(mistakes[0]).toContain(`options.credentials.privateKey ${what}`)
      }
    }
    const reader = new CredentialsReader(() => ({ clientId: 'app', privateKey: publicKey }), { provider: 'acme' })
    await expect(reader.read()).rejects.toThrow(/options\.credentials\(\)\.privateKey is a public key/)
  })

  it('G10: where the metadata will choose, a secret or a key is needed, and the way out is named', async () => {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])
    expect(findCredentialsMistakes(good, undefined, true)).toEqual([])
    expect(findCredentialsMistakes({ clientId: 'app', privateKey }, undefined, true)).toEqual([])
    expect(findCredentialsMistakes({ clientId: 'app' }, undefined, true)).toEqual([
      expect.stringMatching(/must hold a clientSecret or a privateKey; .*tlsClientAuth\(\) or none\(\)$/),
    ])
    expect(findCredentialsMistakes({ clientId: '' }, undefined, true)).toHaveLength(1)
  })

  it.each(junk)('X1: %s is refused by its path, without its value', (_, source, paths) => {
    const mistakes = findCredentialsMistakes(source, undefined)
    expect(mistakes).toHaveLength(paths.length)
    for (const path of paths) {
      const named = new RegExp(`^(?:options\\.credentials${path} |Unknown option \`credentials${path}\`)`)
      expect(mistakes).toContainEqual(expect.stringMatching(named))
    }
    expect(mistakes.join()).not.toContain('MARKED')
  })
})

describe('findCredentialsMistakes: its words', () => {
  it.each([
    ['', 'must not be empty (if it comes from an environment variable, is that set?)'],
    [
      '[redacted]',
      "is '[redacted]', which stands for a secret that was left out of printed or serialised credentials; pass the field clientSecret itself",
    ],
    ['a\n', 'must not hold a line break or another control character; trim it'],
    [undefined, 'must be a string (if it comes from an environment variable, is that set?)'],
  ])('P2: of a secret that is %j it says what to do', (clientSecret, what) => {
    expect(findCredentialsMistakes({ clientId: 'app', clientSecret }, undefined)).toEqual([
      `options.credentials.clientSecret ${what}`,
    ])
  })
})

describe('CredentialsReader', () => {
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

  it('G8: a JWK is copied, a CryptoKey and PEM stay what they are', async () => {
    const given = { ...jwk }
    const reader = new CredentialsReader({ clientId: 'app', privateKey: given }, { provider: 'acme' })
    given.d = 'changed later'
    await expect(reader.read()).resolves.toEqual({ clientId: 'app', privateKey: jwk })
    const { privateKey } = await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])
    const read = await new CredentialsReader({ clientId: 'app', privateKey }, { provider: 'acme' }).read()
    expect('privateKey' in read && read.privateKey).toBe(privateKey)
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const fromPem = await new CredentialsReader({ clientId: 'app', privateKey: pem }, { provider: 'acme' }).read()
    expect('privateKey' in fromPem && fromPem.privateKey).toBe(pem)
  })

  it('L8: a function that returns the same JWK once more has no others; one that returns another has', async () => {
    const keys = [
      jwk,
      { ...jwk },
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    ]
    const reader = new CredentialsReader(() => ({ clientId: 'app', privateKey: keys.shift() ?? jwk }), {
      provider: 'acme',
    })
    const first = await reader.read()
    expect(await reader.readOthers(first)).toBeUndefined()
    expect(await reader.readOthers(first)).toMatchObject({ clientId: 'app' })
  })

  it('L3: given credentials are copied', async () => {
    const given = { clientId: 'app', clientSecret: secret }
    const reader = new CredentialsReader(given, { provider: 'acme' })
    given.clientSecret = 'changed later'
    await expect(reader.read()).resolves.toEqual(good)
  })

  it('G2: credentials that are an object of a class, with accessors, are read', async () => {
    class Vaulted {
      get clientId(): string {
        return 'app'
      }
      get clientSecret(): string {
        return secret
      }
    }
    expect(findCredentialsMistakes(new Vaulted(), undefined)).toEqual([])
    await expect(new CredentialsReader(new Vaulted(), { provider: 'acme' }).read()).resolves.toEqual(good)
    await expect(new CredentialsReader(() => new Vaulted(), { provider: 'acme' }).read()).resolves.toEqual(good)
  })

  it.each([
    ['a function', () => good],
    ['an asynchronous function', async () => good],
  ])('L8: %s is asked when first needed, and once', async (_, source) => {
    const asked = vi.fn(source)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    expect(asked).not.toHaveBeenCalled()
    await expect(reader.read()).resolves.toEqual(good)
    await expect(reader.read()).resolves.toEqual(good)
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('L3: callers at the same time share one question', async () => {
    const asked = vi.fn(async () => good)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    expect(await Promise.all([reader.read(), reader.read(), reader.read()])).toEqual([good, good, good])
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('L13: on Workers nobody waits for the answer to another request, which may never come', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    try {
      const asked = vi.fn(async () => good).mockReturnValueOnce(new Promise(() => {}))
      const reader = new CredentialsReader(asked, { provider: 'acme' })
      void reader.read()
      await expect(reader.read()).resolves.toEqual(good)
      await expect(reader.read()).resolves.toEqual(good)
      expect(asked).toHaveBeenCalledTimes(2)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it.each([
    [
      'throws',
      () => {
        throw new RangeError('vault sealed')
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('vault sealed'))],
  ])('L8: what a function %s reaches the caller as it is, and the function is asked again', async (_, fail) => {
    const asked = vi.fn<() => Credentials | Promise<Credentials>>(() => good).mockImplementationOnce(fail)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    await expect(reader.read()).rejects.toThrow(new RangeError('vault sealed'))
    await expect(reader.read()).resolves.toEqual(good)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it.each(junk)(
    'X1: a function that answers %s is refused by path, without the value, and asked again',
    async (_, answered, paths) => {
      const asked = vi.fn<() => Credentials>(() => good).mockReturnValueOnce(answered as Credentials)
      const reader = new CredentialsReader(asked, { provider: 'acme' })
      const failure: unknown = await reader.read().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(NightlatchError)
      expect(failure).toMatchObject({ code: 'invalid_options', provider: 'acme', retryable: false })
      for (const path of paths) expect(String(failure)).toContain(`credentials()${path}`)
      expect(findLeaks(failure, [secret])).toEqual([])
      await expect(reader.read()).resolves.toEqual(good)
    },
  )

  it('L8: after a refusal the function is asked again, once for all who were refused the same', async () => {
    const next = { clientId: 'app', clientSecret: 'MARKED-next' }
    const asked = vi.fn<() => Credentials>(() => next).mockReturnValueOnce(good)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const refused = await reader.read()
    expect(await Promise.all([reader.readOthers(refused), reader.readOthers(refused)])).toEqual([next, next])
    expect(await reader.read()).toEqual(next)
    // Who comes later with the old ones gets what is there already.
    expect(await reader.readOthers(refused)).toEqual(next)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('L8: there are no others where the function answers the same, or where credentials were given', async () => {
    const reader = new CredentialsReader(() => ({ ...good }), { provider: 'acme' })
    expect(await reader.readOthers(await reader.read())).toBeUndefined()
    const given = new CredentialsReader(good, { provider: 'acme' })
    expect(await given.readOthers(await given.read())).toBeUndefined()
  })

  it('L8: another id, or a key in place of a secret, are others', async () => {
    for (const next of [{ clientId: 'other', clientSecret: secret }, { clientId: 'app' }]) {
      const asked = vi.fn<() => Credentials>(() => next).mockReturnValueOnce(good)
      const reader = new CredentialsReader(asked, { provider: 'acme' })
      expect(await reader.readOthers(await reader.read())).toEqual(next)
    }
  })

  it('L8: a function that hangs past a deadline is asked again', async () => {
    const asked = vi.fn<() => Credentials | Promise<Credentials>>(() => good)
    asked.mockImplementationOnce(() => new Promise(() => {}))
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const controller = new AbortController()
    void reader.read(controller.signal)
    controller.abort()
    await expect(reader.read()).resolves.toEqual(good)
  })

  it('L8: a function that failed after all, past its deadline, does not undo what was asked meanwhile', async () => {
    let fail = (): void => {}
    const asked = vi.fn<() => Credentials | Promise<Credentials>>(() => good)
    asked.mockImplementationOnce(() => new Promise((_, reject) => (fail = () => reject(new Error('vault sealed')))))
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const controller = new AbortController()
    const hung = reader.read(controller.signal)
    controller.abort()
    await reader.read()
    fail()
    await expect(hung).rejects.toThrow('vault sealed')
    await expect(reader.read()).resolves.toEqual(good)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('L8: a function that failed past its deadline leaves the reading that others wait for', async () => {
    const hung = Promise.withResolvers<Credentials>()
    const next = Promise.withResolvers<Credentials>()
    const asked = vi.fn<() => Promise<Credentials>>(() => next.promise).mockReturnValueOnce(hung.promise)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const controller = new AbortController()
    const first = reader.read(controller.signal)
    controller.abort()
    const second = reader.read()
    hung.reject(new Error('vault sealed'))
    await expect(first).rejects.toThrow('vault sealed')
    const third = reader.read()
    next.resolve(good)
    expect(await Promise.all([second, third])).toEqual([good, good])
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['returns', () => good],
    ['fails', () => Promise.reject(new Error('vault sealed'))],
  ])('L8: a function that %s leaves no listener on the signal', async (_, source) => {
    const { signal } = new AbortController()
    await new CredentialsReader(source, { provider: 'acme' }).read(signal).catch(() => undefined)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('L8: only the function of a pool gets a tenant, so that one with a default parameter keeps its default', async () => {
    const source = (clientId = 'default'): Credentials => ({ clientId })
    const terms = { provider: 'acme' }
    expect(await new CredentialsReader(source, terms).read()).toEqual({ clientId: 'default' })
    expect(await new CredentialsReader(source, terms, { tenant: 'a' }).read()).toEqual({ clientId: 'a' })
  })

  it('L8: a deadline that passes after the answer does not forget it', async () => {
    const asked = vi.fn(() => good)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const controller = new AbortController()
    await reader.read(controller.signal)
    controller.abort()
    await reader.read()
    expect(asked).toHaveBeenCalledTimes(1)
  })

  describe('with a greatest age', () => {
    const next = { clientId: 'app', clientSecret: 'MARKED-next' }
    const aging = (source: () => Credentials | Promise<Credentials>) => {
      let now = 5000
      const asked = vi.fn(source)
      const reader = new CredentialsReader(asked, { provider: 'acme', expiry: { maxAge: 60, time: () => now } })
      const pass = (milliseconds: number): void => {
        now += milliseconds
      }
      return { reader, asked, pass }
    }
    afterEach(() => {
      vi.useRealTimers()
    })

    it('L8: credentials are read again by the first call after that, once for all callers', async () => {
      const { reader, asked, pass } = aging(() => next)
      asked.mockReturnValueOnce(good)
      expect(await reader.read()).toEqual(good)
      pass(59_999)
      expect(await reader.read()).toEqual(good)
      pass(1)
      expect(await Promise.all([reader.read(), reader.read()])).toEqual([next, next])
      pass(59_999)
      await reader.read()
      expect(asked).toHaveBeenCalledTimes(2)
      pass(1)
      await reader.read()
      expect(asked).toHaveBeenCalledTimes(3)
    })

    it('L8: the age counts from before the function was called', async () => {
      const { reader, asked, pass } = aging(async () => {
        pass(60_000)
        return good
      })
      await reader.read()
      await reader.read()
      expect(asked).toHaveBeenCalledTimes(2)
    })

    it.each([
      ['fails', () => Promise.reject(new Error('vault sealed'))],
      ['returns no credentials', () => 7 as unknown as Credentials],
    ])('L8: old credentials stay in use while the function %s, and it is asked with each grant', async (_, broken) => {
      const { reader, asked, pass } = aging(() => next)
      asked.mockReturnValueOnce(good)
      await reader.read()
      pass(60_000)
      asked.mockImplementationOnce(broken).mockImplementationOnce(broken)
      expect(await reader.read()).toEqual(good)
      expect(await reader.read()).toEqual(good)
      expect(await reader.read()).toEqual(next)
      expect(asked).toHaveBeenCalledTimes(4)
    })

    it('L8: a function that hangs is waited for two seconds, and then old credentials stay in use', async () => {
      const { reader, asked, pass } = aging(() => good)
      await reader.read()
      pass(60_000)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      asked.mockReturnValue(new Promise(() => {}))
      const settled = vi.fn()
      const reading = reader.read().finally(settled)
      await vi.advanceTimersByTimeAsync(1999)
      expect(settled).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      expect(await reading).toEqual(good)
      expect(vi.getTimerCount()).toBe(0)
    })

    it.each([
      [4, 1],
      [0.4, 0.1],
      [7, 1.75],
      [8, 2],
      [600, 2],
    ])('L8: with %d s left, a function that hangs is waited for %d s', async (left, wait) => {
      const { reader, asked, pass } = aging(() => good)
      await reader.read()
      pass(60_000)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      asked.mockReturnValue(new Promise(() => {}))
      const settled = vi.fn()
      const reading = reader.read(new AbortController().signal, left).finally(settled)
      await vi.advanceTimersByTimeAsync(wait * 1000 - 1)
      expect(settled).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      expect(await reading).toEqual(good)
    })

    it('L8: a call that joins a reading waits as long as its own time allows', async () => {
      const { reader, asked, pass } = aging(() => good)
      await reader.read()
      pass(60_000)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      asked.mockReturnValue(new Promise(() => {}))
      const [long, short] = [vi.fn(), vi.fn()]
      void reader.read(undefined, 600).finally(long)
      void reader.read(undefined, 1).finally(short)
      await vi.advanceTimersByTimeAsync(250)
      expect(short).toHaveBeenCalled()
      expect(long).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1750)
      expect(long).toHaveBeenCalled()
      expect(asked).toHaveBeenCalledTimes(2)
    })

    it('L8: what a function returns after it was waited for is not used, and it is called again', async () => {
      const { reader, asked, pass } = aging(() => next)
      asked.mockReturnValueOnce(good)
      await reader.read()
      pass(60_000)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const late = Promise.withResolvers<Credentials>()
      asked.mockReturnValueOnce(late.promise)
      const reading = reader.read(undefined, 1)
      await vi.advanceTimersByTimeAsync(250)
      expect(await reading).toEqual(good)
      late.resolve({ clientId: 'late', clientSecret: 'MARKED-late' })
      await vi.advanceTimersByTimeAsync(0)
      expect(await reader.read()).toEqual(next)
      expect(asked).toHaveBeenCalledTimes(3)
    })

    it('L8: a deadline that passes meanwhile does not lose the old credentials', async () => {
      const { reader, asked, pass } = aging(() => good)
      await reader.read()
      pass(60_000)
      asked.mockReturnValueOnce(new Promise(() => {}))
      const controller = new AbortController()
      void reader.read(controller.signal)
      controller.abort()
      asked.mockImplementationOnce(() => Promise.reject(new Error('vault sealed')))
      expect(await reader.read()).toEqual(good)
    })

    it('L8: rejected credentials are not used because they are known', async () => {
      const { reader, asked, pass } = aging(() => good)
      const rejected = await reader.read()
      pass(60_000)
      asked.mockImplementation(() => Promise.reject(new Error('vault sealed')))
      await expect(reader.readOthers(rejected)).rejects.toThrow('vault sealed')
    })

    it('L8: a call that waited in vain uses what another call has read meanwhile', async () => {
      const { reader, asked, pass } = aging(() => next)
      asked.mockReturnValueOnce(good)
      const rejected = await reader.read()
      pass(60_000)
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      asked.mockReturnValueOnce(new Promise(() => {}))
      const others = reader.readOthers(rejected)
      const joined = reader.read(undefined, 1)
      await vi.advanceTimersByTimeAsync(250)
      expect(await joined).toEqual(good)
      expect(await reader.read()).toEqual(next)
      await vi.advanceTimersByTimeAsync(1750)
      expect(await others).toEqual(next)
      expect(asked).toHaveBeenCalledTimes(3)
    })

    it('L8: given credentials have no age', async () => {
      const reader = new CredentialsReader(good, { provider: 'acme', expiry: { maxAge: 1, time: Date.now } })
      expect(await reader.read()).toBe(await reader.read())
    })
  })

  it('L8: forgotten credentials are read again, also while they are being read', async () => {
    const next = { clientId: 'app', clientSecret: 'MARKED-next' }
    const { promise, resolve } = Promise.withResolvers<Credentials>()
    const asked = vi.fn<() => Credentials | Promise<Credentials>>(() => next).mockReturnValueOnce(promise)
    const reader = new CredentialsReader(asked, { provider: 'acme' })
    const first = reader.read()
    reader.forget()
    resolve(good)
    expect(await first).toEqual(good)
    expect(await reader.read()).toEqual(next)
    reader.forget()
    await reader.read()
    expect(asked).toHaveBeenCalledTimes(3)
    const given = new CredentialsReader(good, { provider: 'acme' })
    given.forget()
    expect(await given.read()).toEqual(good)
  })
})
