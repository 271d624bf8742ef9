import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { testTokenStore } from '@latchkey/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { sqliteStore } from '../src/sqlite-store.ts'

describe('a file of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'))
  const file = join(folder, 'tokens.sqlite')
  const open = (): DatabaseSync => new DatabaseSync(file)
  const databases = [open(), open()]
  let turn = 0
  afterAll(() => {
    for (const database of databases) database.close()
    rmSync(folder, { recursive: true })
  })
  // Two connections to the file, as two processes have.
  testTokenStore(() => sqliteStore(databases[turn++ % 2] ?? open()), { describe, it })

  it('does not grow with what has ended', async () => {
    const [database = open()] = databases
    const store = sqliteStore(database)
    for (let n = 0; n < 20; n += 1) await store.set(`key ${n}`, { expiresAt: Date.now() - 1 })
    expect(database.prepare('SELECT count(*) AS entries FROM token').get()).toEqual({ entries: 0 })
  })
})
