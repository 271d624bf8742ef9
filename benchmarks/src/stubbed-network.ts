/** A `fetch` without network: it returns tokens for the token endpoint, otherwise an empty response. */
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

/** A `fetch` that reaches the token endpoint but stubs the API. */
export function stubApi(tokenEndpoint: string): typeof globalThis.fetch {
  const answer = new Response(null, { status: 204 })
  return async (input, init) => {
    const isGrant = (input instanceof Request ? input.url : String(input)) === tokenEndpoint
    return isGrant ? await globalThis.fetch(input, init) : answer
  }
}
