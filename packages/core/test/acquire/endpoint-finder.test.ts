import { describe, expect, it, vi } from 'vitest'
import { createEndpointFinder } from '../../src/acquire/endpoint-finder.ts'
import type { Transport } from '../../src/acquire/token-endpoint.ts'
import { networkTransport } from './network-transport.ts'

const issuer = 'https://login.acme.example'

function createTransport() {
  const fetch = vi.fn<Transport['fetch']>(async () =>
    Response.json({ issuer, token_endpoint: `${issuer}/token`, token_endpoint_auth_methods_supported: ['none'] }),
  )
  const transport: Transport = { ...networkTransport, fetch }
  return { transport, fetch }
}
const signal = new AbortController().signal

describe('createEndpointFinder', () => {
  it('G4: a declared endpoint is used untouched, and nothing is read', async () => {
    const { transport, fetch } = createTransport()
    const tokenEndpoint = 'https://login.acme.example/OAuth/Token?v=1'
    const finder = createEndpointFinder({ name: 'acme', tokenEndpoint, issuer }, transport, 10)
    const found = await finder.find(signal)
    expect(found.url.href).toBe(tokenEndpoint)
    expect(found.issuer?.href).toBe(`${issuer}/`)
    expect(found.issuerIdentifier).toBe(issuer)
    finder.forget()
    finder.close()
    expect(await finder.find(signal)).toBe(found)
    expect(fetch).not.toHaveBeenCalled()
    const without = await createEndpointFinder({ name: 'acme', tokenEndpoint }, transport, 10).find(signal)
    expect(without).toMatchObject({ issuer: undefined, issuerIdentifier: undefined })
  })

  it('G4: metadata is read with the first call, once for concurrent calls', async () => {
    const { transport, fetch } = createTransport()
    const finder = createEndpointFinder({ name: 'acme', issuer }, transport, 10)
    finder.forget()
    finder.close()
    expect(fetch).not.toHaveBeenCalled()
    const [first, second] = await Promise.all([finder.find(signal), finder.find(signal)])
    expect(first.url.href).toBe(`${issuer}/token`)
    expect(second).toBe(first)
    await finder.find(signal)
    expect(fetch).toHaveBeenCalledTimes(1)
    finder.forget()
    await finder.find(signal)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('L4: an aborted call reads nothing', async () => {
    const { transport, fetch } = createTransport()
    const finder = createEndpointFinder({ name: 'acme', issuer }, transport, 10)
    await expect(finder.find(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
    expect(fetch).not.toHaveBeenCalled()
  })
})
