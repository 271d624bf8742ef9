import type { Client } from '@nightlatch/core'
import { createFetch } from 'ofetch'

export async function placeOrder(
  client: Client,
  baseURL: string,
  item: string,
): Promise<unknown> {
  const api = createFetch({ fetch: client.fetch, defaults: { baseURL } })
  return await api('/orders', { method: 'POST', body: { item } })
}
