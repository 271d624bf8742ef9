import type { Client } from '@nightlatch/core'
import { createClient, fetchExchange, gql } from '@urql/core'

const placing = gql`
  mutation ($item: String!) { order(item: $item) { item } }
`

export async function placeOrder(
  client: Client,
  url: string,
  item: string,
): Promise<unknown> {
  const graph = createClient({
    url,
    fetch: client.fetch,
    exchanges: [fetchExchange],
  })
  const { data, error } = await graph.mutation(placing, { item })
  if (error) throw error
  return data
}
