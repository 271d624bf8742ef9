import { homedir, platform } from 'node:os'
import { join } from 'node:path'
import type { Io } from '../io.ts'

/** Where cached tokens and their encryption key are. */
export interface CachePlace {
  readonly folder: string
  /** In another folder than the tokens, so that a copy of the cache alone shows no token. */
  readonly keyFile: string
  /** Compiled code of the command line. */
  readonly compiled: string
}

/** The folders of the user that the operating system has for this. */
export function findCachePlace({ env }: Pick<Io, 'env'>, system: NodeJS.Platform = platform()): CachePlace {
  const home = env.HOME || homedir()
  if (system === 'win32') {
    const local = env.LOCALAPPDATA || join(env.USERPROFILE || home, 'AppData', 'Local')
    return {
      folder: join(local, 'nightlatch', 'tokens'),
      keyFile: join(local, 'nightlatch', 'tokens.key'),
      compiled: join(local, 'nightlatch', 'compiled'),
    }
  }
  if (system === 'darwin') {
    const library = join(home, 'Library')
    const folder = join(library, 'Caches', 'nightlatch')
    const keyFile = join(library, 'Application Support', 'nightlatch', 'tokens.key')
    return { folder, keyFile, compiled: join(folder, 'compiled') }
  }
  const folder = join(env.XDG_CACHE_HOME || join(home, '.cache'), 'nightlatch')
  return {
    folder,
    compiled: join(folder, 'compiled'),
    keyFile: join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'nightlatch', 'tokens.key'),
  }
}
