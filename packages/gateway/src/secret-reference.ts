import { readFile } from 'node:fs/promises'
import { NightlatchError } from '@nightlatch/core'
import type { Secret } from './configuration.ts'
import { type Check, isObject, objectOf, type Report, text } from './value-checks.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What resolving a part of a configuration needs. */
export interface Resolution {
  readonly report: Report
  readonly environment: Environment
}

const members = { env: text, file: text }
const reference: Check = objectOf(members, '{ env: NAME } or { file: PATH }')

/**
 * Checks a secret: `{ env }`, `{ file }` or, where the file is a program, the secret itself.
 *
 * @param isData whether the configuration is JSON or YAML, in which a secret is never a literal
 */
export function secretIn(isData: boolean): Check {
  return (value, path, report) => {
    if (typeof value === 'string') {
      if (isData) {
        report(path, `${path} must not be the secret itself. Write { env: NAME } or { file: PATH } in its place`)
      } else if (value === '') report(path, `${path} must not be empty`)
      return
    }
    reference(value, path, report)
    if (!isObject(value)) return
    if (Object.keys(members).filter((name) => value[name] !== undefined).length !== 1) {
      report(path, `${path} must have one of \`env\` and \`file\``)
    }
  }
}

/** Checks a value that is no secret: a text, or the same references as a secret. */
export const textOrReference: Check = (value, path, report) => {
  if (typeof value === 'string') text(value, path, report)
  else secretIn(false)(value, path, report)
}

/**
 * Reads a secret. One line break at the end of a file is not part of it.
 *
 * @param secret where it is, with an absolute path or one from the working directory
 * @param path the secret's place in the configuration, for the message
 * @throws NightlatchError `invalid_options` if the variable or the file is missing or empty
 */
export async function readSecret(secret: Secret, path: string, environment: Environment): Promise<string> {
  if (typeof secret === 'string') return secret
  if ('env' in secret) {
    const value = environment[secret.env]
    if (value !== undefined && value !== '') return value
    throw mistake(`${path}: the environment variable ${secret.env} is not set. Set it before the gateway starts`)
  }
  let content: string
  try {
    content = await readFile(secret.file, 'utf8')
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code ?? 'unknown error'
    throw mistake(`${path}: the file ${secret.file} cannot be read (${code}). ${wayOutOf(code)}`)
  }
  const value = content.replace(/\r?\n$/, '')
  if (value === '') throw mistake(`${path}: the file ${secret.file} is empty. Write the secret into it`)
  return value
}

function wayOutOf(code: string): string {
  if (code === 'ENOENT') return 'Paths are relative to the configuration file'
  return code === 'EACCES' ? "The gateway's user must have the right to read it" : 'Check the path'
}

/** The message of a mistake that was thrown; any other error is thrown again. */
export function messageOf(failure: unknown): string {
  if (failure instanceof NightlatchError) return failure.message
  throw failure
}

function mistake(message: string): NightlatchError {
  return new NightlatchError('invalid_options', message)
}
