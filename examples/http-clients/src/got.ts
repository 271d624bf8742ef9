import type { Authorization, Client } from '@latchkey/core'
import got, { type Got, type NormalizedOptions } from 'got'

export function createGot(client: Client, prefixUrl: string): Got {
  /** By the options of each attempt. */
  const authorizations = new WeakMap<NormalizedOptions, Authorization>()
  /** Attempts at another origin, to which the API redirected. */
  const elsewhere = new WeakSet<NormalizedOptions>()

  const takeOff = (options: NormalizedOptions, headers = options.headers): void => {
    for (const name of Object.keys(authorizations.get(options)?.headers ?? {})) delete headers[name]
  }

  return got.extend({
    prefixUrl,
    hooks: {
      beforeRequest: [
        async (options) => {
          const { url, method, headers, username, password } = options
          // A caller's own authorization wins.
          if (elsewhere.has(options) || headers.authorization !== undefined || username || password) return
          const authorization = url && (await client.authorize(url as URL, { method }))
          if (!authorization) return
          authorizations.set(options, authorization)
          Object.assign(headers, authorization.headers)
        },
      ],
      beforeRedirect: [
        (options, response) => {
          const before = response.request.options
          takeOff(before, options.headers)
          const isElsewhere = new URL(`${options.url}`).origin !== new URL(`${before.url}`).origin
          if (isElsewhere || elsewhere.has(before)) elsewhere.add(options)
        },
      ],
      beforeRetry: [({ options }) => takeOff(options)],
      afterResponse: [
        async (response, retryWithMergedOptions) => {
          const { options } = response.request
          const isStream = typeof options.body === 'object' && Symbol.asyncIterator in options.body
          const { statusCode: status, headers } = response
          const next = !isStream && (await authorizations.get(options)?.answered({ status, headers }))
          // The hook before the request asks for the authorization that follows on the refused one.
          return next ? retryWithMergedOptions({}) : response
        },
      ],
      // An error holds the options, and errors get logged.
      beforeError: [
        (error) => {
          if ('options' in error) takeOff(error.options as NormalizedOptions)
          return error
        },
      ],
    },
  })
}

export async function placeOrder(client: Client, baseUrl: string, item: string): Promise<unknown> {
  const api = createGot(client, baseUrl)
  return await api.post('orders', { json: { item } }).json()
}
