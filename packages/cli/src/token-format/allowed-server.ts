import type { TokenRequest } from './token-request.ts'

/** The user name beside a token, which most servers ignore; some name their own. */
export const defaultUsername = 'oauth2'

/**
 * Whether the token may go to a server: it must be the API's origin or one of the provider's `apiOrigins`. A note on stderr says
 * so if it is not, because the calling program reports only that there are no credentials.
 */
export async function isAllowedServer({ client, target, output }: TokenRequest, url: URL): Promise<boolean> {
  const authorization = await client.authorize(new URL('/', url.origin), { foreignOrigins: 'passThrough' })
  if (authorization !== undefined) return true
  output.note(
    `nightlatch: ${url.origin} is not an allowed origin for the token of ${target.name}. Add it to the provider's \`apiOrigins\`.`,
  )
  return false
}
