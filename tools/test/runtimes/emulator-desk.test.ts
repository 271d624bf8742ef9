import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmulatorDesk, openEmulatorDesk } from '../../src/runtimes/emulator-desk.ts'
import { openDesk, runChecks } from '../../src/runtimes/smoke/smoke-check.ts'

let desk: EmulatorDesk
beforeAll(async () => {
  desk = await openEmulatorDesk()
})
afterAll(() => desk.close())

const form = { grant_type: 'client_credentials' }
const ask = (endpoint: string | undefined, more: Readonly<Record<string, string>>) =>
  fetch(endpoint ?? '', { method: 'POST', body: new URLSearchParams({ ...form, ...more }) })

describe('the emulators of the desk', () => {
  it('say what they were asked, and of a credential its scheme only', async () => {
    const emulator = await openDesk(desk.url).emulator('standard')
    await fetch(emulator.offers.apiUrl ?? '', { headers: { authorization: 'Bearer of-nobody' } })
    expect(await emulator.requests()).toEqual([{ part: 'api', path: '/api', scheme: 'Bearer' }])
  })

  it('break as they are told', async () => {
    const emulator = await openDesk(desk.url).emulator('standard')
    await emulator.fault('token', { name: 'error', status: 503 })
    expect((await ask(emulator.offers.tokenEndpoint, {})).status).toBe(503)
  })

  it('want a signature where a signature is due: a secret is refused, and a word that is no signature', async () => {
    const emulator = await openDesk(desk.url).emulator('signed', { publicKey: { kty: 'EC', crv: 'P-256' } })
    const assertion = {
      client_assertion: 'no.signature.here',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }
    expect((await ask(emulator.offers.tokenEndpoint, emulator.credentials)).status).toBe(401)
    expect((await ask(emulator.offers.tokenEndpoint, assertion)).status).toBe(401)
  })

  it('want a proof where tokens are bound to a key', async () => {
    const emulator = await openDesk(desk.url).emulator('dpop')
    expect((await ask(emulator.offers.tokenEndpoint, {})).status).toBe(400)
    const response = await fetch(emulator.offers.apiUrl ?? '', { headers: { authorization: 'DPoP of-nobody' } })
    expect(response.status).toBe(401)
  })

  it('are of kinds that there are', async () => {
    await expect(openDesk(desk.url).emulator('imagined')).rejects.toThrow('there is no emulator')
  })
})

describe('the checks of a suite', () => {
  it('run all, and what fails is told by its name', async () => {
    const checks = [
      { name: 'first', run: () => Promise.reject(new TypeError('broken')) },
      { name: 'second', run: () => Promise.resolve() },
    ]
    expect(await runChecks(checks, desk.url)).toEqual([
      { name: 'first', problem: 'TypeError: broken' },
      { name: 'second' },
    ])
  })
})
