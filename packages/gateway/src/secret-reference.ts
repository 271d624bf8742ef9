import { readFile } from 'node:fs/promises'
import { NightlatchError } from '@nightlatch/core'
import type { Secret } from './configuration.ts'

/**
 * Reads a secret.
 *
 * @param path the secret's place in the configuration, for the message
 * @throws NightlatchError `invalid_options` if the variable or the file is missing
 */
export async function readSecret(
  secret: Secret,
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const value = environment[secret.env]
    if (value !== undefined && value !== '') return value
    throw new NightlatchError('invalid_options', `${path}: the environment variable ${secret.env} is not set`)
  }
  try {
    return (await readFile(secret.file, 'utf8')).replace(/\r?\n$/, '')
  } catch {
    throw new NightlatchError('invalid_options', `${path}: the file ${secret.file} cannot be read`)
  }
}
