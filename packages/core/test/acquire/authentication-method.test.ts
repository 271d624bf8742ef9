import { describe, expect, it } from 'vitest'
import type { ClientAuthentication } from '../../src/acquire/authentication-method.ts'
import { methodName, requiredCredential, usesMutualTls } from '../../src/acquire/authentication-method.ts'
import {
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  none,
  privateKeyJwt,
  tlsClientAuth,
} from '../../src/acquire/client-authentication.ts'

describe('usesMutualTls', () => {
  it('G4: is true for tlsClientAuth only', () => {
    expect(usesMutualTls(tlsClientAuth())).toBe(true)
    for (const one of [none(), privateKeyJwt(), clientSecretBasic(), undefined]) expect(usesMutualTls(one)).toBe(false)
  })
})

describe('requiredCredential', () => {
  it('G2: the default one and those with a client secret require it; an unknown one does not', () => {
    const secret = [
      undefined,
      clientSecretBasic(),
      clientSecretBasic({ encoding: 'raw' }),
      clientSecretPost(),
      clientSecretJwt(),
      clientSecretJwt({ algorithm: 'HS512', audience: new URL('https://login.acme.test/') }),
    ]
    for (const one of secret) expect(requiredCredential(one)).toBe('clientSecret')
    const own = (name: string): ClientAuthentication => ({ name, authenticate: () => {} })
    for (const one of [own('client_secret_post'), own('private_key_jwt'), none(), tlsClientAuth()]) {
      expect(requiredCredential(one)).toBeUndefined()
    }
  })

  it('G8: those with a private key require it', () => {
    for (const one of [privateKeyJwt(), privateKeyJwt({ algorithm: 'ML-DSA-44', audience: 'tokenEndpoint' })]) {
      expect(requiredCredential(one)).toBe('privateKey')
    }
  })

  it('G3: a provider’s own one declares what it requires; another value counts as nothing', () => {
    const own = (requires: unknown): ClientAuthentication =>
      ({ name: 'own', authenticate: () => {}, requires }) as unknown as ClientAuthentication
    expect(requiredCredential(own('privateKey'))).toBe('privateKey')
    for (const junk of ['MARKED', null, {}, true]) expect(requiredCredential(own(junk))).toBeUndefined()
  })
})

describe('methodName', () => {
  it('L3: is the name of the client authentication, of the default one, or one of its own if the metadata chooses', () => {
    expect(methodName(none())).toBe('none')
    expect(methodName(none(), true)).toBe('none')
    expect(methodName(undefined)).toBe(clientSecretBasic().name)
    expect(methodName(undefined, true)).toBe('from metadata')
  })
})
