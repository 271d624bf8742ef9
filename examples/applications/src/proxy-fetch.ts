import {
  type Dispatcher,
  EnvHttpProxyAgent,
  Request as UndiciRequest,
  fetch as undiciFetch,
} from 'undici'

/**
 * A `fetch` for `createClient` whose requests take a dispatcher, by default
 * the proxy of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
 */
export function fetchBy(
  dispatcher: Dispatcher = new EnvHttpProxyAgent(),
): typeof globalThis.fetch {
  return ((input, init) =>
    undiciFetch(
      // undici's fetch does not accept the platform's Request.
      input instanceof Request
        ? new UndiciRequest(input.url, input as object)
        : input,
      { ...(init as object), dispatcher },
    )) as typeof globalThis.fetch
}
