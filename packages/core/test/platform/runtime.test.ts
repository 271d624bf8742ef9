import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { createClient, createClientPool } from '../../src/index.ts'
import { minNode } from '../../src/platform/runtime.ts'

afterEach(() => vi.unstubAllGlobals())

const provider = { name: 'acme', tokenEndpoint: 'https://login.acme.example/token' }
const credentials = { clientId: 'id', clientSecret: 'secret' }
const create: Readonly<Record<string, () => unknown>> = {
  createClient: () => createClient(provider, { credentials }),
  createClientPool: () => createClientPool(provider, { credentials: () => credentials }),
}

it.each(Object.entries(create))('%s on an old runtime names the version it needs', (_, call) => {
  const { withResolvers } = Promise
  try {
    Object.defineProperty(Promise, 'withResolvers', { value: undefined, configurable: true, writable: true })
    const expected = { code: 'invalid_options', message: `Nightlatch needs Node ${minNode} or newer; this is Node ` }
    expect(call).toThrow(expect.objectContaining({ code: expected.code }))
    expect(call).toThrow(expected.message)
    vi.stubGlobal('process', undefined)
    expect(call).toThrow('this runtime lacks Promise.withResolvers')
  } finally {
    Object.defineProperty(Promise, 'withResolvers', { value: withResolvers, configurable: true, writable: true })
  }
  vi.unstubAllGlobals()
  expect(call).not.toThrow()
})

it('that version is what package.json asks for', async () => {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'))
  expect(manifest.engines.node).toBe(`>=${minNode}`)
})
