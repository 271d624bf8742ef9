import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import type { TokenStore } from '@nightlatch/core'

/** Tokens in a file, with a lock, for the processes of one machine. */
export function sqliteStore(database: DatabaseSync): TokenStore {
  database.exec(`
    PRAGMA busy_timeout = 500;
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS token (
      key TEXT PRIMARY KEY, text TEXT NOT NULL, ends INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS lock (
      key TEXT PRIMARY KEY, owner TEXT NOT NULL, ends INTEGER NOT NULL
    ) STRICT;
  `)
  const find = database.prepare(
    'SELECT text FROM token WHERE key = ? AND ends > ?',
  )
  const put = database.prepare(
    'INSERT OR REPLACE INTO token (key, text, ends) VALUES (?, ?, ?)',
  )
  const remove = database.prepare('DELETE FROM token WHERE key = ?')
  const removeSame = database.prepare(
    'DELETE FROM token WHERE key = ? AND text = ?',
  )
  const removeEnded = database.prepare('DELETE FROM token WHERE ends <= ?')
  const take = database.prepare(`
    INSERT INTO lock (key, owner, ends) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE
    SET owner = excluded.owner, ends = excluded.ends WHERE lock.ends <= ?
  `)
  const free = database.prepare(
    'DELETE FROM lock WHERE key = ? AND owner = ?',
  )
  const read = (key: string): string | undefined =>
    find.get(key, Date.now())?.text as string | undefined

  return {
    async get(key) {
      const text = read(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    async set(key, token) {
      put.run(key, JSON.stringify(token), token.expiresAt)
      removeEnded.run(Date.now())
    },
    async delete(key, token) {
      if (token === undefined) remove.run(key)
      else {
        const text = read(key)
        // A text that another process writes in between differs, and stays.
        if (
          text !== undefined &&
          isDeepStrictEqual(JSON.parse(text), token)
        )
          removeSame.run(key, text)
      }
    },
    async lock(key, { ttl }) {
      const owner = randomUUID()
      const now = Date.now()
      if (
        take.run(key, owner, Math.ceil(now + ttl * 1000), now).changes === 0
      )
        return undefined
      return { release: async () => void free.run(key, owner) }
    },
  }
}
