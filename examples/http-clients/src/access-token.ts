import { once } from 'node:events'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { json } from 'node:stream/consumers'
import type { AccessToken, Client } from '@nightlatch/core'

/** @param apiOrigin the only origin that may receive the token */
export async function placeOrder(
  client: Client,
  apiOrigin: string,
  url: URL,
  item: string,
): Promise<unknown> {
  // Compare whole origins, before the token request.
  if (url.origin !== apiOrigin)
    throw new Error(`${url.origin} is not an allowed origin for this token`)
  let token = await client.token()
  let answer = await send(url, token, JSON.stringify({ item }))
  if (answer.statusCode === 401) {
    answer.resume()
    token = await client.token({ rejected: token })
    answer = await send(url, token, JSON.stringify({ item }))
  }
  // Node's client follows no redirect.
  if (answer.statusCode !== 200)
    throw new Error(`The order was answered with ${answer.statusCode}`)
  return await json(answer)
}

async function send(
  url: URL,
  token: AccessToken,
  body: string,
): Promise<IncomingMessage> {
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
    url,
    {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `${token.type} ${token.value}`,
      },
    },
  )
  request.end(body)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return answer
}
