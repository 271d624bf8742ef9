import type { Client } from '@nightlatch/core'
import axios, { type AxiosInstance } from 'axios'

export function createAxios(
  client: Client,
  baseURL: string,
): AxiosInstance {
  return axios.create({
    baseURL,
    adapter: 'fetch',
    env: { fetch: client.fetch },
  })
}

export async function placeOrder(
  client: Client,
  baseURL: string,
  item: string,
): Promise<unknown> {
  const api = createAxios(client, baseURL)
  const { data } = await api.post('/orders', { item })
  return data
}
