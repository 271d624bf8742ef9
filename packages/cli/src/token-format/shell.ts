import { CommandError } from '../command-error.ts'
import { bearerToken, type TokenRequest } from './token-request.ts'

/** `--format header`: the headers of an authorized request, one a line, for `curl --header @-`. */
export async function printHeader(request: TokenRequest): Promise<void> {
  const token = await bearerToken(request)
  const { provider } = request.client
  const headers = new Headers()
  if (provider.authorizeRequest === undefined) headers.set('Authorization', `Bearer ${token.value}`)
  else provider.authorizeRequest(headers, token)
  for (const [name, value] of headers) request.output.printToken(`${titleCase(name)}: ${value}`)
}

/**
 * `--format env`: one line `NAME=value`, for `docker run --env-file`, `$GITHUB_ENV` and `export`.
 *
 * @throws CommandError `wrong_usage` for a variable's name that shells do not accept, or a token that requires quotes
 */
export async function printEnvironment(request: TokenRequest): Promise<void> {
  const { variable = 'ACCESS_TOKEN' } = request.flags
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable)) {
    throw new CommandError(
      'wrong_usage',
      '--variable must have letters, digits and underscores, and begin with no digit',
    )
  }
  const { value } = await bearerToken(request)
  // Quotes mean different things to shells, Docker and GitHub, so no value with quotes is right for all of them.
  if (!/^[\w.~+/=:,@%-]+$/.test(value)) {
    throw new CommandError(
      'wrong_usage',
      `the token of ${request.target.name} has characters that --format env cannot write`,
      { hints: ['Use --show-token, and quote the result: ACCESS_TOKEN="$(nightlatch token … --show-token)"'] },
    )
  }
  request.output.printToken(`${variable}=${value}`)
}

/** `Headers` lists names in lower case. */
function titleCase(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}
