import { NightlatchError } from '../errors.ts'
import type { Fetch } from '../platform/fetch.ts'

/** Creates a `fetch` whose response bodies throw when they are read beyond 1 MiB. */
export function boundBodies(fetch: Fetch, provider: string): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const { body, status, statusText, headers, url, redirected } = response
    if (body === null) return response
    let size = 0
    const counting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength
        if (size > maxBytes) controller.error(tooLong(provider, status))
        else controller.enqueue(chunk)
      },
    })
    const bounded = new Response(body.pipeThrough(counting), { status, statusText, headers })
    return Object.defineProperties(bounded, { url: { value: url }, redirected: { value: redirected } })
  }
}

function tooLong(provider: string, status: number): NightlatchError {
  return new NightlatchError(
    'discovery_failed',
    `${provider}: the API's discovery sent a response of more than 1 MiB. Check the URL that the provider's \`api\` function requests.`,
    {
      provider,
      status,
    },
  )
}

/** The same limit as for a token response; discovery responses are short. */
const maxBytes = 1024 * 1024
