import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectToEmulatorServer, runChecks } from '../../src/runtimes/checks/runtime-check.ts'
import { type EmulatorServer, startEmulatorServer } from '../../src/runtimes/emulator-server.ts'

let emulatorServer: EmulatorServer
beforeAll(async () => {
  emulatorServer = await startEmulatorServer()
})
afterAll(() => emulatorServer.close())

const form = { grant_type: 'client_credentials' }
const ask = (endpoint: string | undefined, more: Readonly<Record<string, string>>) =>
  fetch(endpoint ?? '', { method: 'POST', body: new URLSearchParams({ ...form, ...more }) })

describe('the emulators of the emulator server', () => {
  it('report requests, with only the scheme of credentials', async () => {
    const emulator = await connectToEmulatorServer(emulatorServer.url).emulator('standard')
    await fetch(emulator.offers.apiUrl ?? '', { headers: { authorization: 'Bearer of-nobody' } })
    expect(await emulator.requests()).toEqual([{ part: 'api', path: '/api', scheme: 'Bearer' }])
  })

  it('support faults', async () => {
    const emulator = await connectToEmulatorServer(emulatorServer.url).emulator('standard')
    await emulator.fault('token', { name: 'error', status: 503 })
    expect((await ask(emulator.offers.tokenEndpoint, {})).status).toBe(503)
  })

  it('require a valid signature: a secret or an invalid signature is rejected', async () => {
    const emulator = await connectToEmulatorServer(emulatorServer.url).emulator('signed', {
      publicKey: { kty: 'EC', crv: 'P-256' },
    })
    const assertion = {
      client_assertion: 'no.signature.here',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }
    expect((await ask(emulator.offers.tokenEndpoint, emulator.credentials)).status).toBe(401)
    expect((await ask(emulator.offers.tokenEndpoint, assertion)).status).toBe(401)
  })

  it('require a proof for tokens bound to a key', async () => {
    const emulator = await connectToEmulatorServer(emulatorServer.url).emulator('dpop')
    expect((await ask(emulator.offers.tokenEndpoint, {})).status).toBe(400)
    const response = await fetch(emulator.offers.apiUrl ?? '', { headers: { authorization: 'DPoP of-nobody' } })
    expect(response.status).toBe(401)
  })

  it('must be of a known kind', async () => {
    await expect(connectToEmulatorServer(emulatorServer.url).emulator('imagined')).rejects.toThrow('unknown emulator')
  })
})

describe('the checks', () => {
  it('are all run, and failures are reported by name', async () => {
    const checks = [
      { name: 'first', run: () => Promise.reject(new TypeError('broken')) },
      { name: 'second', run: () => Promise.resolve() },
    ]
    expect(await runChecks(checks, emulatorServer.url)).toEqual([
      { name: 'first', problem: 'TypeError: broken' },
      { name: 'second' },
    ])
  })
})
