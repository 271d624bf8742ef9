import type { TokenStore } from '@nightlatch/core'
import type { Io } from '../io.ts'
import { readCacheKey } from './cache-key.ts'
import { findCachePlace } from './cache-place.ts'
import { fileStore } from './file-store.ts'
import { findKeyring } from './system-keyring.ts'

/**
 * Opens the user's cache of tokens.
 *
 * @throws CommandError `wrong_usage` if its key cannot be used
 */
export async function openCache(io: Io): Promise<TokenStore> {
  const place = findCachePlace(io)
  const key = await readCacheKey(place, findKeyring(io), io)
  return fileStore({ folder: place.folder, key, owner: io })
}
