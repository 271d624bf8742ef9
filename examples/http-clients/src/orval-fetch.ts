import type { Client } from '@nightlatch/core'

export interface AuthorizedInit extends RequestInit {
  readonly client?: Client
  readonly baseUrl?: string
}

/** The mutator: every generated function sends its request with it. */
export async function authorizedFetch<Answer>(
  path: string,
  init: AuthorizedInit,
): Promise<Answer> {
  const { client, baseUrl, ...rest } = init
  if (client === undefined)
    throw new Error('Pass { client, baseUrl } to the generated function')
  const response = await client.fetch(`${baseUrl}${path}`, rest)
  if (!response.ok)
    throw new Error(`${path} was answered with ${response.status}`)
  const { status, headers } = response
  return { data: await response.json(), status, headers } as Answer
}
