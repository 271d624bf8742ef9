import type { Client } from '@nightlatch/core'
import createOrders from 'openapi-fetch'
import type {
  components,
  paths,
} from './generated/openapi-typescript/orders.ts'

type Receipt = components['schemas']['Receipt']

export async function placeOrder(
  client: Client,
  baseUrl: string,
  item: string,
): Promise<Receipt> {
  const orders = createOrders<paths>({ baseUrl, fetch: client.fetch })
  const { data, response } = await orders.POST('/orders', {
    body: { item },
  })
  if (data === undefined)
    throw new Error(`The order was answered with ${response.status}`)
  return data
}
