import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type AssertionSource, NightlatchError } from '@nightlatch/core'
import { type Environment, requireVariable } from './environment.ts'
import { namedSource } from './named-source.ts'
import { rejectUnknownOptions, requireText } from './options.ts'

/** A file whose path is in an environment variable. */
export interface FileVariable {
  /** The variable's name, such as `AZURE_FEDERATED_TOKEN_FILE` or `AWS_WEB_IDENTITY_TOKEN_FILE`. */
  readonly variable: string
  /** The environment variables. Default: those of this process. */
  readonly environment?: Environment
}

/**
 * The JWT in a file that the platform keeps up to date: a projected service account token of Kubernetes, or a JWT-SVID that
 * spiffe-helper writes. The file is read for each HTTP attempt, and blanks around the JWT are removed.
 *
 * @param file its path, or the environment variable that holds the path
 * @returns a source that throws NightlatchError `invalid_options`, which names the path, if the file cannot be read or holds no JWT
 * @example
 * ```ts
 * import { clientAssertion } from '@nightlatch/core'
 * import { fromFile } from '@nightlatch/workload-identity'
 *
 * const clientAuthentication = clientAssertion(fromFile('/var/run/secrets/tokens/keycloak'))
 * ```
 * @see {@link https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection Kubernetes, ServiceAccount token volume projection}
 */
export function fromFile(file: string | URL | FileVariable): AssertionSource {
  if (typeof file === 'object' && !(file instanceof URL)) return fromFileVariable(file)
  const path = requireText(
    'fromFile: the path',
    file instanceof URL && file.protocol === 'file:' ? fileURLToPath(file) : file,
  )
  return namedSource(`file ${path}`, () => readJwtFile(path))
}

function fromFileVariable(file: FileVariable): AssertionSource {
  rejectUnknownOptions('fromFile', file, ['variable', 'environment'])
  const variable = requireText('fromFile: variable', file.variable)
  const wayOut = 'It must hold the path of the file with the JWT. Does the platform inject it into this workload?'
  return namedSource(`file in ${variable}`, async () => {
    return await readJwtFile(requireVariable(variable, file.environment, wayOut))
  })
}

async function readJwtFile(path: string): Promise<string> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new NightlatchError('invalid_options', `The JWT's file ${path} cannot be read (${code}). ${wayOutOf(code)}`)
  }
  if (text.split('.').length === 3) return text
  // A program that does not write the file in one step may be writing it at this moment.
  throw new NightlatchError('invalid_options', `The file ${path} holds no JWT: it must hold three parts with dots.`, {
    retryable: true,
  })
}

function wayOutOf(code: string): string {
  if (code === 'ENOENT') return 'Is the volume with the token mounted there?'
  return code === 'EACCES' ? "Does this program's user have the right to read it?" : 'Check the path.'
}
