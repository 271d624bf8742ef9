import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientEvent, createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator, testTokenStore } from '@nightlatch/testing'
import { Keyv } from 'keyv'
import { afterAll, describe, expect, it } from 'vitest'
import { keyvStore } from '../src/keyv-store.ts'
import { SqliteMap } from './sqlite-map.ts'

describe('keyv, in memory', () => {
  const keyv = new Keyv()
  testTokenStore(() => keyvStore(keyv), { describe, it, lock: false, atomicDelete: false, shortLife: 0.2 })
})

describe('keyv, over a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-'))
  const file = join(folder, 'tokens.sqlite')
  // Two connections to the file, as two processes have.
  const maps = [new SqliteMap(file), new SqliteMap(file)]
  let turn = 0
  afterAll(() => {
    for (const map of maps) map.close()
    rmSync(folder, { recursive: true })
  })
  const open = (): ReturnType<typeof keyvStore> => keyvStore(new Keyv(maps[turn++ % 2]))
  testTokenStore(open, { describe, it, lock: false, atomicDelete: false, shortLife: 0.2 })

  it('gives a second client the token of the first, and costs one grant', async () => {
    await using emulator = await startEmulator(standardEmulation())
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const options = { credentials: emulator.credentials }
    await using one = createClient(acme, { ...options, store: open() })
    await using two = createClient(acme, { ...options, store: open() })
    const { value } = await one.token()
    expect((await two.token()).value === value).toBe(true)
    expect(emulator.requests).toHaveLength(1)
  })
})

describe('keyv, over something that is broken', () => {
  it.each([
    ['where nobody listens to its errors', false],
    ['where somebody does', true],
  ])('fails no token, and the client tells: %s', async (_what, listens) => {
    await using emulator = await startEmulator(standardEmulation())
    const broken = new Map()
    broken.set = () => {
      throw new Error('disk full')
    }
    const keyv = new Keyv(broken)
    if (listens) keyv.on('error', () => {})
    const events: ClientEvent[] = []
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    await using client = createClient(acme, {
      credentials: emulator.credentials,
      store: keyvStore(keyv),
      onEvent: (event) => events.push(event),
    })
    expect((await client.token()).type).toBe('Bearer')
    await expect
      .poll(() => events, { timeout: 60_000 })
      .toContainEqual(expect.objectContaining({ type: 'store.failed', operation: 'set' }))
  })
})
