import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from '../command-error.ts'
import { codeOf } from '../error-code.ts'
import type { Io } from '../io.ts'
import { findCachePlace } from './cache-place.ts'
import { findKeyring } from './system-keyring.ts'

/**
 * Removes the tokens, locks and the key of the user's cache, and no other file or entry of the keyring.
 *
 * @throws CommandError `wrong_usage` if a file cannot be removed
 */
export async function clearCache(io: Io): Promise<{ readonly tokens: number; readonly folder: string }> {
  const { folder, keyFile } = findCachePlace(io)
  try {
    // Without the key no token can be read, even if one cannot be removed.
    rmSync(keyFile, { force: true })
    await findKeyring(io)?.remove()
    const own = listFolder(folder).filter((name) =>
      /^([0-9a-f]{64}|keyring)\.([\w.-]+\.)?(token|lock|draft)$/.test(name),
    )
    for (const name of own) rmSync(join(folder, name), { force: true })
    return { tokens: own.filter((name) => name.endsWith('.token')).length, folder }
  } catch (failure) {
    throw new CommandError('wrong_usage', `${folder} cannot be cleared (${codeOf(failure) ?? 'unknown'})`, {
      hints: ['Remove the folder yourself.'],
    })
  }
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (failure) {
    if (codeOf(failure) === 'ENOENT') return []
    throw failure
  }
}
