import { CommandError } from '../command-error.ts'
import { readInput } from '../io.ts'
import { defaultUsername, isAllowedServer } from './allowed-server.ts'
import { bearerToken, type TokenRequest } from './token-request.ts'

/**
 * `--format git-credential`: a credential helper of Git. `get` prints the token as a password if the server may have it, `store`
 * does nothing, and `erase` drops the cached token that the server rejected.
 *
 * @throws CommandError `wrong_usage` if stdin is not a request of Git
 * @see {@link https://git-scm.com/docs/git-credential#IOFMT Git, input and output format of credentials}
 */
export async function answerGit(request: TokenRequest): Promise<void> {
  const { operation = 'get', flags, io, output, client } = request
  const fields = readFields((await readInput(io)).toString('utf8'))
  if (operation === 'erase') {
    // Git erases what any server rejected, so only the token itself counts.
    if (fields.get('password') === (await bearerToken(request)).value) await client.forget()
  }
  if (operation !== 'get') return
  const [protocol = '', host = ''] = [fields.get('protocol'), fields.get('host')]
  const url = URL.parse(`${protocol}://${host}/`)
  if (url === null || protocol === '' || host === '') {
    throw new CommandError('wrong_usage', 'stdin has no protocol and host, which Git sends to a credential helper', {
      hints: ["To see what it prints, run: printf 'protocol=https\\nhost=git.example.com\\n' | git credential fill"],
    })
  }
  // Git asks the next helper if this one prints nothing.
  if (!(await isAllowedServer(request, url))) return
  const { value, expiresAt } = await bearerToken(request)
  output.printToken(`username=${fields.get('username') ?? flags.username ?? defaultUsername}`)
  output.printToken(`password=${value}`)
  if (expiresAt !== undefined) output.printToken(`password_expiry_utc=${Math.floor(expiresAt.getTime() / 1000)}`)
}

/** Reads lines `name=value`, up to the first empty line. */
function readFields(text: string): ReadonlyMap<string, string> {
  const [head = ''] = text.split(/\r?\n\r?\n/)
  const pairs = head.split(/\r?\n/).filter((line) => line.includes('='))
  return new Map(pairs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}
