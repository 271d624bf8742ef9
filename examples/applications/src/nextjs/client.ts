/**
 * One client for the server. It is created at the first request, because
 * `next build` imports route handlers without the secrets.
 */
import { type Client, createClient } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'

let client: Client | undefined

export function completions(): Client {
  const { HEXAGON_HOST = '', HEXAGON_AUTHORIZATION_SERVER = '' } =
    process.env
  client ??= createClient(
    smartCompletions({
      host: HEXAGON_HOST,
      authorizationServer: HEXAGON_AUTHORIZATION_SERVER,
    }),
    {
      credentials: () => ({
        clientId: process.env.HEXAGON_CLIENT_ID ?? '',
        clientSecret: process.env.HEXAGON_CLIENT_SECRET ?? '',
      }),
    },
  )
  return client
}
