import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { StoredToken, TokenStore } from '@nightlatch/core'
import { codeOf } from '../error-code.ts'
import { type LockOwner, takeLock } from './lock-file.ts'
import { openToken, sealToken } from './sealed-token.ts'

/** Options of {@link fileStore}. */
export interface FileStoreOptions {
  readonly folder: string
  /** Of AES-256. */
  readonly key: Buffer
  readonly owner: LockOwner
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number
}

/** A leftover of a killed process is removed after this time. */
const maxDraftAgeMs = 3_600_000

/**
 * A store in the file system: one encrypted file a token, mode 0600. Its operations are synchronous, because the command line has
 * nothing else to do meanwhile, and each takes a fraction of a millisecond.
 */
export function fileStore({ folder, key, owner, now = Date.now }: FileStoreOptions): TokenStore {
  const nameOf = (storeKey: string): string => createHash('sha256').update(storeKey).digest('hex')
  const fileOf = (name: string): string => join(folder, `${name}.token`)
  const read = (storeKey: string): StoredToken | undefined => {
    const name = nameOf(storeKey)
    try {
      const token = openToken(readFileSync(fileOf(name)), name, key)
      return token === undefined || token.expiresAt <= now() ? undefined : token
    } catch (failure) {
      if (codeOf(failure) === 'ENOENT') return undefined
      throw failure
    }
  }
  const makeFolder = (): void => void mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    get: async (storeKey) => read(storeKey),
    async set(storeKey, token) {
      const name = nameOf(storeKey)
      if (token.expiresAt <= now()) return rmSync(fileOf(name), { force: true })
      makeFolder()
      const draft = join(folder, `${name}.${crypto.randomUUID()}.draft`)
      writeFileSync(draft, sealToken(token, name, key), { mode: 0o600, flag: 'wx' })
      renameSync(draft, fileOf(name))
      // The time of the file is its expiry, so that it can be removed by a process that cannot decrypt it.
      const expiresAt = new Date(token.expiresAt)
      utimesSync(fileOf(name), expiresAt, expiresAt)
      removeExpired(folder, now())
    },
    async delete(storeKey, token) {
      if (token !== undefined && !isDeepStrictEqual(read(storeKey), token)) return
      rmSync(fileOf(nameOf(storeKey)), { force: true })
    },
    async lock(storeKey, { ttl }) {
      makeFolder()
      return takeLock(join(folder, `${nameOf(storeKey)}.lock`), ttl, owner, now)
    },
  }
}

function removeExpired(folder: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    try {
      const { mtimeMs } = statSync(file)
      const isOver = name.endsWith('.token') ? mtimeMs <= now : mtimeMs <= now - maxDraftAgeMs
      if (isOver && /\.(token|lock|draft)$/.test(name)) rmSync(file, { force: true })
    } catch {
      // Another process removed it.
    }
  }
}
