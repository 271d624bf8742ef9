import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { platform } from 'node:os'
import { dirname } from 'node:path'
import { CommandError } from '../command-error.ts'
import { codeOf } from '../foreign-error.ts'

/** AES-256. */
const keyBytes = 32

/**
 * Reads the encryption key of the cache, and creates it the first time.
 *
 * @throws CommandError `wrong_usage` if the file cannot be read or written, other users can read it, or it holds no key
 */
export function readCacheKey(file: string): Buffer {
  try {
    return readKey(file) ?? createKey(file)
  } catch (failure) {
    if (failure instanceof CommandError) throw failure
    throw new CommandError(
      'wrong_usage',
      `--cache: ${file} cannot be read or written (${codeOf(failure) ?? 'unknown'})`,
      {
        hints: ['Without --cache, the command keeps nothing.'],
      },
    )
  }
}

function readKey(file: string): Buffer | undefined {
  let key: Buffer
  try {
    key = readFileSync(file)
  } catch (failure) {
    if (codeOf(failure) === 'ENOENT') return undefined
    throw failure
  }
  // Windows has no such mode; there the folder of the user is closed to others.
  if (platform() !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new CommandError('wrong_usage', `--cache: other users can read the key ${file}`, {
      hints: ['Run nightlatch cache clear, which removes the key and the tokens.'],
    })
  }
  if (key.length === keyBytes) return key
  throw new CommandError('wrong_usage', `--cache: ${file} holds no key`, {
    hints: ['Run nightlatch cache clear, which removes it.'],
  })
}

/** Of processes that create the key at once, one succeeds and the others read its key. */
function createKey(file: string): Buffer {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${crypto.randomUUID()}`
  writeFileSync(draft, randomBytes(keyBytes), { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
  } catch (failure) {
    if (codeOf(failure) !== 'EEXIST') throw failure
  } finally {
    rmSync(draft, { force: true })
  }
  const key = readKey(file)
  if (key !== undefined) return key
  throw new CommandError('wrong_usage', `--cache: ${file} was removed a moment ago; run the command again`)
}
