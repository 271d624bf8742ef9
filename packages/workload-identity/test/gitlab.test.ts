import { expect, it } from 'vitest'
import { gitlab } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'

it('reads the variable of the job each time', async () => {
  const environment: Record<string, string> = { KEYCLOAK_ID_TOKEN: 'a.b.c\n' }
  const source = gitlab('KEYCLOAK_ID_TOKEN', { environment })
  expect(await source()).toBe('a.b.c')
  environment.KEYCLOAK_ID_TOKEN = 'd.e.f'
  expect(await source()).toBe('d.e.f')
})

it('says what to add to the job if the variable is not set', async () => {
  const failure = await failureOf(gitlab('KEYCLOAK_ID_TOKEN', { environment: {} })())
  expect(failure.code).toBe('invalid_options')
  expect(failure.message).toContain('KEYCLOAK_ID_TOKEN is not set')
  expect(failure.message).toContain('id_tokens')
})

it('reads the environment of this process by default', async () => {
  process.env.NIGHTLATCH_TEST_ID_TOKEN = 'a.b.c'
  try {
    expect(await gitlab('NIGHTLATCH_TEST_ID_TOKEN')()).toBe('a.b.c')
  } finally {
    delete process.env.NIGHTLATCH_TEST_ID_TOKEN
  }
})

it('has a name, and rejects wrong options', () => {
  expect(gitlab('ID').name).toBe('GitLab ID')
  expect(thrownBy(() => gitlab('')).message).toContain('gitlab: the variable')
  expect(thrownBy(() => gitlab('ID', { env: {} } as object)).message).toContain('unknown option `env`')
})
