import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createClient, createClientPool } from '../../src/index.ts'
import { minNode } from '../../src/platform/runtime.ts'

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
    const message = `Nightlatch needs Node ${minNode} or newer: this runtime lacks Promise.withResolvers`
    expect(call).toThrow(expect.objectContaining({ code: 'invalid_options', message }))
  } finally {
    Object.defineProperty(Promise, 'withResolvers', { value: withResolvers, configurable: true, writable: true })
  }
  expect(call).not.toThrow()
})

it('that version is what package.json asks for', async () => {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'))
  expect(manifest.engines.node).toBe(`>=${minNode}`)
})
