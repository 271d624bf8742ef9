/** A `fetch` that reaches no network: tokens at the token endpoint, one empty answer everywhere else. */
import { tokenLength } from './server.ts'

export function stubNetwork(tokenEndpoint: string): typeof globalThis.fetch {
  const answer = new Response(null, { status: 204 })
  let issued = 0
  return async (input) => {
    if (input !== tokenEndpoint && (input instanceof Request ? input.url : String(input)) !== tokenEndpoint)
      return answer
    issued += 1
    const access_token = `${issued}.`.padEnd(tokenLength, 'x')
    return Response.json({ access_token, token_type: 'Bearer', expires_in: 3600 })
  }
}

/** The token endpoint is the real one, the API is not. */
export function stubApi(tokenEndpoint: string): typeof globalThis.fetch {
  const answer = new Response(null, { status: 204 })
  return async (input, init) => {
    const isGrant = (input instanceof Request ? input.url : String(input)) === tokenEndpoint
    return isGrant ? await globalThis.fetch(input, init) : answer
  }
}
