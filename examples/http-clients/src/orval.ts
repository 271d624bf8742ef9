import type { Client } from '@nightlatch/core'
import { createOrder, type Receipt } from './generated/orval/orders.ts'

export async function placeOrder(
  client: Client,
  baseUrl: string,
  item: string,
): Promise<Receipt> {
  const { data } = await createOrder({ item }, { client, baseUrl })
  return data
}
