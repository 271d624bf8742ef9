import {
  ApolloClient,
  gql,
  HttpLink,
  InMemoryCache,
} from '@apollo/client/core'
import type { Client } from '@nightlatch/core'

const placing = gql`
  mutation ($item: String!) { order(item: $item) { item } }
`

export async function placeOrder(
  client: Client,
  uri: string,
  item: string,
): Promise<unknown> {
  const link = new HttpLink({ uri, fetch: client.fetch })
  const graph = new ApolloClient({ link, cache: new InMemoryCache() })
  const { data } = await graph.mutate({
    mutation: placing,
    variables: { item },
  })
  return data
}
