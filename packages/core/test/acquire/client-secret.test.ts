import { expect, it } from 'vitest'
import { clientSecretOf } from '../../src/acquire/client-secret.ts'

it('G3: returns the secret', () => {
  expect(clientSecretOf({ clientId: 'a', clientSecret: 'b' })).toBe('b')
})

it('G3: names the missing option', () => {
  expect(() => clientSecretOf({ clientId: 'MARKED' })).toThrow(
    expect.objectContaining({
      code: 'invalid_options',
      message: "options.credentials.clientSecret is missing, but the provider's clientAuthentication requires it",
    }),
  )
})
