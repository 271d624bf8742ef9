import type { KyInstance } from 'ky'

/**
 * A ky instance whose paths hang on the API's base URL, whatever slashes stand on either side (rule H5). ky is loaded when
 * first asked for.
 *
 * @param fetch puts the token on
 */
export async function createApi(baseUrl: URL, fetch: typeof globalThis.fetch): Promise<KyInstance> {
  const { default: ky } = await import('ky')
  return ky.create({ prefix: baseUrl, fetch: (input, init) => fetch(input, init) })
}
