import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { platform } from 'node:os'
import { dirname } from 'node:path'
import { CommandError } from '../command-error.ts'
import { codeOf } from '../error-code.ts'

/** AES-256. */
export const keyBytes = 32

/**
 * Reads the key file; `undefined` if there is none.
 *
 * @throws CommandError `wrong_usage` if other users can read the file, or it holds no key
 */
export function readKeyFile(file: string): Buffer | undefined {
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

/**
 * Creates the key file. Of processes that create it at once, one succeeds and the others read its key.
 *
 * @throws CommandError `wrong_usage` as {@link readKeyFile}
 */
export function createKeyFile(file: string): Buffer {
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
  const key = readKeyFile(file)
  if (key !== undefined) return key
  throw new CommandError('wrong_usage', `--cache: ${file} was removed a moment ago; run the command again`)
}
