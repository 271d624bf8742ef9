import { expect, it } from 'vitest'
import { credentialsFromEnvironment } from '../src/environment.ts'

it('reads two variables, each time it is asked', () => {
  const env: NodeJS.ProcessEnv = { ACME_CLIENT_ID: 'robot', ACME_CLIENT_SECRET: 'one\n' }
  const read = credentialsFromEnvironment('ACME', env)
  expect(read()).toEqual({ clientId: 'robot', clientSecret: 'one' })
  env.ACME_CLIENT_SECRET = 'two'
  expect(read()).toEqual({ clientId: 'robot', clientSecret: 'two' })
})

it.each([{}, { ACME_CLIENT_SECRET: '' }, { ACME_CLIENT_SECRET: ' \n' }])('names the variable to set: %j', (env) => {
  const read = credentialsFromEnvironment('ACME', { ACME_CLIENT_ID: 'robot', ...env })
  expect(read).toThrow('Set ACME_CLIENT_SECRET')
})
