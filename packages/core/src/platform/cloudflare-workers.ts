/**
 * Whether this is Cloudflare Workers, where a request's I/O, its timers and its promises end with it: what one request waits
 * for must not be the promise of another.
 *
 * @see {@link https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent navigator.userAgent}
 */
export function isCloudflareWorkers(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } }
  return navigator?.userAgent === 'Cloudflare-Workers'
}

/** Lets work of the present request go on after its answer, or after its client went away. */
export type WaitUntil = (work: Promise<unknown>) => void

/**
 * What lets work outlive its request on Workers, for as long as they permit: half a minute. It may still end in the middle.
 * A request may be over before this is loaded.
 *
 * @see {@link https://developers.cloudflare.com/workers/runtime-apis/context/#waituntil waitUntil}
 */
export async function loadWaitUntil(): Promise<WaitUntil> {
  // Put together here, for bundlers of other platforms do not know the module, and would look for it.
  const name = ['cloudflare', 'workers'].join(':')
  const platform: { readonly waitUntil?: WaitUntil } = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ name
  ).catch(() => ({}))
  return (work) => {
    try {
      platform.waitUntil?.(work.catch(() => {}))
    } catch {
      // Without it, or after its request, work ends with its request.
    }
  }
}
