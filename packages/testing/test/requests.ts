// Requests as the vendors' pages describe them, with nothing but fetch: what is tested here must not lean on our own client.

interface Pair {
  readonly clientId: string
  readonly clientSecret: string
}

export function basicRaw({ clientId, clientSecret }: Pair): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
}

export function basicForm({ clientId, clientSecret }: Pair): string {
  const encode = (value: string): string => new URLSearchParams([['', value]]).toString().slice(1)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`
}

export function askForToken(
  endpoint: string,
  authorization: string | undefined,
  form: Record<string, string> = {},
): Promise<Response> {
  return fetch(endpoint, {
    method: 'POST',
    headers: authorization === undefined ? {} : { authorization },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
    redirect: 'manual',
  })
}

export function get(url: string, token?: string): Promise<Response> {
  return fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, redirect: 'manual' })
}

export async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}
