import type { Client } from '@nightlatch/core'
import { GraphQLClient } from 'graphql-request'

export async function placeOrder(
  client: Client,
  url: string,
  item: string,
): Promise<unknown> {
  const graph = new GraphQLClient(url, { fetch: client.fetch })
  return await graph.request(
    'mutation ($item: String!) { order(item: $item) { item } }',
    { item },
  )
}
