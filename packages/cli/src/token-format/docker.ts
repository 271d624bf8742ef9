import { CommandError, ExitWithStatus } from '../command-error.ts'
import { readInput } from '../io.ts'
import { defaultUsername, isAllowedServer } from './allowed-server.ts'
import { bearerToken, type TokenRequest } from './token-request.ts'

/** Docker compares stdout with this text; with any other it does not go on without credentials. */
const notFound = 'credentials not found in native keychain'

/**
 * `--format docker`: a credential helper of Docker, Podman and other clients of registries. `get` prints the token as a secret if
 * the registry may have it, `list` prints an empty list, `store` does nothing, and `erase` drops the cached token.
 *
 * @throws CommandError `wrong_usage` if stdin names no registry
 * @see {@link https://github.com/docker/docker-credential-helpers#development Docker, credential helpers}
 */
export async function answerDocker(request: TokenRequest): Promise<void> {
  const { operation = 'get', flags, io, output, client } = request
  const serverUrl = (await readInput(io)).toString('utf8').trim()
  if (operation === 'erase') await client.forget()
  if (operation === 'list') output.print('{}')
  if (operation !== 'get') return
  const url = toUrl(serverUrl)
  if (url === null) {
    throw new CommandError('wrong_usage', 'stdin names no registry, which Docker sends to a credential helper', {
      hints: ['To see what it prints, send a registry: echo registry.example.com | nightlatch token …'],
    })
  }
  if (!(await isAllowedServer(request, url))) {
    output.print(notFound)
    throw new ExitWithStatus()
  }
  const { value } = await bearerToken(request)
  const credentials = { ServerURL: serverUrl, Username: flags.username ?? defaultUsername, Secret: value }
  output.printToken(JSON.stringify(credentials))
}

/** A registry as Docker names it: with or without a scheme. Registries on this machine have no TLS. */
function toUrl(serverUrl: string): URL | null {
  if (serverUrl === '') return null
  if (/^https?:\/\//.test(serverUrl)) return URL.parse(serverUrl)
  const plain = URL.parse(`http://${serverUrl}`)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(plain?.hostname ?? '')
  return isLocal ? plain : URL.parse(`https://${serverUrl}`)
}
