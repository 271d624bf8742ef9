import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@nightlatch/core'
import { standardEmulation, startEmulator, testTokenStore } from '@nightlatch/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { sqliteStore } from '../src/sqlite-store.ts'

describe('a file of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-'))
  const file = join(folder, 'tokens.sqlite')
  const open = (): DatabaseSync => new DatabaseSync(file)
  const databases = [open(), open()]
  let turn = 0
  afterAll(() => {
    for (const database of databases) database.close()
    rmSync(folder, { recursive: true })
  })
  // Two connections to the file, as two processes have.
  testTokenStore(() => sqliteStore(databases[turn++ % 2] ?? open()), { describe, it, shortLife: 0.2 })

  it('S2: costs one grant for all who need a token at the same moment', async () => {
    await using emulator = await startEmulator(standardEmulation())
    emulator.faults.set('token', { name: 'slow', seconds: 0.2 })
    const acme = { name: 'acme', tokenEndpoint: emulator.tokenEndpoint }
    const { credentials } = emulator
    const clients = databases.concat(databases).map((database) => {
      return createClient(acme, { credentials, store: sqliteStore(database) })
    })
    const calls = clients.flatMap((client) => Array.from({ length: 20 }, () => client.token()))
    const values = new Set((await Promise.all(calls)).map(({ value }) => value))
    await Promise.all(clients.map((client) => client.close()))
    expect(values.size).toBe(1)
    expect(emulator.requests).toHaveLength(1)
  })

  it('does not grow with what has ended', async () => {
    const [database = open()] = databases
    const store = sqliteStore(database)
    for (let n = 0; n < 20; n += 1) await store.set(`key ${n}`, { expiresAt: Date.now() - 1 })
    const ended = database.prepare('SELECT count(*) AS entries FROM token WHERE ends < ?')
    expect(ended.get(Date.now())).toEqual({ entries: 0 })
  })
})
