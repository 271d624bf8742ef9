import type { Authorization, Client } from '@nightlatch/core'
import got, { type Got, type Options } from 'got'

type Sent = Pick<Options, 'headers'>

export function createGot(client: Client, prefixUrl: string): Got {
  /** The key is the options object of an attempt. */
  const authorizations = new WeakMap<Sent, Authorization>()
  /** Attempts at another origin, after a redirect. */
  const elsewhere = new WeakSet<Sent>()

  const takeOff = (sent: Sent, { headers } = sent): void => {
    for (const name of Object.keys(authorizations.get(sent)?.headers ?? {}))
      delete headers[name]
  }

  return got.extend({
    prefixUrl,
    hooks: {
      beforeRequest: [
        async (options) => {
          const { url, method, headers, username, password, context } =
            options
          // A request with its own authorization is sent as it is.
          if (
            elsewhere.has(options) ||
            headers.authorization !== undefined ||
            username ||
            password
          )
            return
          const repeated = context.authorization as
            | Authorization
            | undefined
          delete context.authorization
          const authorization =
            repeated ?? (await client.authorize(`${url}`, { method }))
          if (authorization === undefined) return
          authorizations.set(options, authorization)
          Object.assign(headers, authorization.headers)
        },
      ],
      beforeRedirect: [
        (options, response) => {
          const before = response.request.options
          takeOff(before, options)
          const isElsewhere =
            new URL(`${options.url}`).origin !==
            new URL(`${before.url}`).origin
          if (isElsewhere || elsewhere.has(before)) elsewhere.add(options)
        },
      ],
      beforeRetry: [({ options }) => takeOff(options)],
      afterResponse: [
        async (response, retryWithMergedOptions) => {
          const { options } = response.request
          const { statusCode: status, headers } = response
          const repeatable = !(
            typeof options.body === 'object' &&
            Symbol.asyncIterator in options.body
          )
          const authorization = await authorizations
            .get(options)
            ?.handleResponse({ status, headers }, { repeatable })
          // Responses and errors contain the options and may be logged.
          takeOff(options)
          if (authorization === undefined) return response
          return retryWithMergedOptions({
            context: { authorization },
            preserveHooks: true,
          })
        },
      ],
      beforeError: [
        (error) => {
          if ('options' in error) takeOff(error.options as Options)
          return error
        },
      ],
    },
  })
}

export async function placeOrder(
  client: Client,
  baseUrl: string,
  item: string,
): Promise<unknown> {
  const api = createGot(client, baseUrl)
  return await api.post('orders', { json: { item } }).json()
}
