import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { json } from 'node:stream/consumers'
import type { AccessToken, Client } from '@nightlatch/core'

/** Where the token may go. Nobody checks it but you. */
export async function placeOrder(client: Client, apiOrigin: string, url: URL, item: string): Promise<unknown> {
  // Before a token is asked for; whole origins, never the beginning of a text.
  if (url.origin !== apiOrigin) throw new Error(`${url.origin} may not see the token`)
  let token = await client.token()
  let answer = await send(url, token, JSON.stringify({ item }))
  if (answer.statusCode === 401) {
    answer.resume()
    token = await client.token({ rejected: token })
    answer = await send(url, token, JSON.stringify({ item }))
  }
  // A redirect ends here, too: Node's own client follows none.
  if (answer.statusCode !== 200) throw new Error(`The order was answered with ${answer.statusCode}`)
  return await json(answer)
}

async function send(url: URL, token: AccessToken, body: string): Promise<IncomingMessage> {
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `${token.type} ${token.value}` },
  })
  request.end(body)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return answer
}
