/** One client for the server, made at the first request: `next build` imports route handlers where there are no secrets. */
import { type Client, createClient } from '@nightlatch/core'
import { smartCompletions } from '@nightlatch/hexagon'

let client: Client | undefined

export function completions(): Client {
  const { HEXAGON_HOST = '', HEXAGON_AUTHORIZATION_SERVER = '' } = process.env
  client ??= createClient(smartCompletions({ host: HEXAGON_HOST, authorizationServer: HEXAGON_AUTHORIZATION_SERVER }), {
    credentials: () => ({
      clientId: process.env.HEXAGON_CLIENT_ID ?? '',
      clientSecret: process.env.HEXAGON_CLIENT_SECRET ?? '',
    }),
  })
  return client
}
