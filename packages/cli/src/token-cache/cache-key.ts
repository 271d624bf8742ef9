import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreLock } from '@nightlatch/core'
import { CommandError } from '../command-error.ts'
import { codeOf } from '../error-code.ts'
import { createKeyFile, keyBytes, readKeyFile } from './cache-key-file.ts'
import type { CachePlace } from './cache-place.ts'
import { type LockOwner, takeLock } from './lock-file.ts'
import type { SystemKeyring } from './system-keyring.ts'

/** Longer than all calls of the keyring that a process makes with the lock. */
const lockSeconds = 60

/**
 * Reads the encryption key of the cache, and creates it the first time. A key file is used wherever one exists, so a keyring
 * that does not respond delays one run. Without a key file, the key is in the keyring.
 *
 * @throws CommandError `wrong_usage` if the key file cannot be read or written, other users can read it, or it holds no key
 */
export async function readCacheKey(
  place: CachePlace,
  keyring: SystemKeyring | undefined,
  owner: LockOwner,
): Promise<Buffer> {
  const { keyFile } = place
  try {
    const inFile = readKeyFile(keyFile)
    if (inFile !== undefined) return inFile
    if (keyring === undefined) return createKeyFile(keyFile)
    const found = await keyring.read()
    if (found === 'unavailable') return createKeyFile(keyFile)
    return found === 'missing' ? await createKey(place, keyring, owner) : found
  } catch (failure) {
    throw failure instanceof CommandError ? failure : unusable(keyFile, failure)
  }
}

function unusable(path: string, failure: unknown): CommandError {
  return new CommandError(
    'wrong_usage',
    `--cache: ${path} cannot be read or written (${codeOf(failure) ?? 'unknown'})`,
    {
      hints: ['Without --cache, the command keeps nothing.'],
    },
  )
}

/** A keyring replaces its entry without a check, so one process at a time creates the key. */
async function createKey(place: CachePlace, keyring: SystemKeyring, owner: LockOwner): Promise<Buffer> {
  const { folder, keyFile } = place
  const lock = await waitForLock(folder, owner)
  try {
    const inFile = readKeyFile(keyFile)
    if (inFile !== undefined) return inFile
    let found = await keyring.read()
    if (found === 'missing') {
      const isWritten = await keyring.write(randomBytes(keyBytes))
      found = isWritten ? await keyring.read() : 'unavailable'
    }
    return typeof found === 'string' ? createKeyFile(keyFile) : found
  } finally {
    await lock.release()
  }
}

async function waitForLock(folder: string, owner: LockOwner): Promise<StoreLock> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (;;) {
      // A lock expires, so this ends also if its process never releases it.
      const lock = takeLock(join(folder, 'keyring.lock'), lockSeconds, owner, Date.now)
      if (lock !== undefined) return lock
      await sleep(20)
    }
  } catch (failure) {
    throw unusable(folder, failure)
  }
}
