import type { TokenStore } from '@nightlatch/core'
import type { Io } from '../io.ts'
import { readCacheKey } from './cache-key-file.ts'
import { findCachePlace } from './cache-place.ts'
import { fileStore } from './file-store.ts'

/**
 * Opens the user's cache of tokens.
 *
 * @throws CommandError `wrong_usage` if its key cannot be used
 */
export function openCache(io: Io): TokenStore {
  const { folder, keyFile } = findCachePlace(io)
  return fileStore({ folder, key: readCacheKey(keyFile), owner: io })
}
