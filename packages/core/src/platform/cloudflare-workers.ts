/**
 * Whether this is Cloudflare Workers, where the I/O, timers and promises of an HTTP request end with it. One request must
 * therefore not wait for a promise of another.
 *
 * @see {@link https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent navigator.userAgent}
 */
export function isCloudflareWorkers(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } }
  return navigator?.userAgent === 'Cloudflare-Workers'
}

/** Lets work of the current HTTP request continue after its response. */
export type WaitUntil = (work: Promise<unknown>) => void

/**
 * Loads the function that lets work outlive its HTTP request on Workers, for at most 30 seconds. The request may end before
 * this is loaded.
 *
 * @see {@link https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil waitUntil}
 */
export async function loadWaitUntil(): Promise<WaitUntil> {
  // Joined at run time, because bundlers for other platforms would try to resolve the module.
  const name = ['cloudflare', 'workers'].join(':')
  const platform: { readonly waitUntil?: WaitUntil } = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ name
  ).catch(() => ({}))
  return (work) => {
    try {
      platform.waitUntil?.(work.catch(() => {}))
    } catch {
      // Without `waitUntil`, or after the request, the work ends with its request.
    }
  }
}
