import { expect, it } from 'vitest'
import { vercel } from '../src/index.ts'
import { failureOf, thrownBy } from './failure-of.ts'

const environment = { VERCEL_OIDC_TOKEN: 'from.the.variable' }

it("prefers the request's header, which is asked for each time", async () => {
  let request = new Headers({ 'x-vercel-oidc-token': 'first.of.header' })
  const source = vercel({ header: () => request.get('x-vercel-oidc-token'), environment })
  expect(await source()).toBe('first.of.header')
  request = new Headers({ 'x-vercel-oidc-token': 'second.of.header' })
  expect(await source()).toBe('second.of.header')
})

it('reads the variable in builds and in local development', async () => {
  expect(await vercel({ environment })()).toBe('from.the.variable')
  expect(await vercel({ header: async () => null, environment })()).toBe('from.the.variable')
})

it('says what is missing', async () => {
  const bare = await failureOf(vercel({ environment: {} })())
  expect(bare.code).toBe('invalid_options')
  expect(bare.message).toContain('pass the option `header`')
  const { message } = await failureOf(vercel({ header: () => undefined, environment: {} })())
  expect(message).toContain('OIDC federation')
})

it('has a name, and rejects unknown options', () => {
  expect(vercel().name).toBe('Vercel')
  expect(thrownBy(() => vercel({ headers: {} } as object)).message).toContain('unknown option `headers`')
})
