import {
  AnonymousAuthenticationProvider,
  HttpMethod,
  type RequestAdapter,
  RequestInformation,
} from '@microsoft/kiota-abstractions'
import {
  FetchRequestAdapter,
  HttpClient,
} from '@microsoft/kiota-http-fetchlibrary'
import type { Client } from '@nightlatch/core'

/** For a generated client: `createOrdersClient(createAdapter(…))`. */
export function createAdapter(
  client: Client,
  baseUrl: string,
): RequestAdapter {
  const http = new HttpClient(client.fetch)
  const adapter = new FetchRequestAdapter(
    new AnonymousAuthenticationProvider(),
    undefined,
    undefined,
    http,
  )
  adapter.baseUrl = baseUrl
  return adapter
}

/** A generated request builder does the same. */
export async function placeOrder(
  client: Client,
  baseUrl: string,
  item: string,
): Promise<unknown> {
  const adapter = createAdapter(client, baseUrl)
  const request = new RequestInformation(
    HttpMethod.POST,
    '{+baseurl}/orders',
    { baseurl: adapter.baseUrl },
  )
  request.setStreamContent(
    new TextEncoder().encode(JSON.stringify({ item })).buffer,
    'application/json',
  )
  const answer = await adapter.sendPrimitive<ArrayBuffer>(
    request,
    'ArrayBuffer',
    undefined,
  )
  return JSON.parse(new TextDecoder().decode(answer))
}
