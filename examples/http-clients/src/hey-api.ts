import type { Client } from '@nightlatch/core'
import { createClient } from './generated/hey-api/client/index.ts'
import { createOrder } from './generated/hey-api/sdk.gen.ts'
import type { Receipt } from './generated/hey-api/types.gen.ts'

export async function placeOrder(
  client: Client,
  baseUrl: string,
  item: string,
): Promise<Receipt> {
  const orders = createClient({ baseUrl, fetch: client.fetch })
  const { data } = await createOrder({
    client: orders,
    body: { item },
    throwOnError: true,
  })
  return data
}
