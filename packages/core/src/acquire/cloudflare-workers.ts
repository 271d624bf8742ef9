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

/**
 * On Workers, lets work go on after the answer to the request that began it, or after its client went away, for as long as
 * Workers permit: half a minute. It may still end in the middle.
 */
export async function outliveRequest(work: Promise<unknown>): Promise<void> {
  // Not written into the import, for bundlers of other platforms do not know the module.
  const name = 'cloudflare:workers'
  try {
    const { waitUntil }: { readonly waitUntil: (work: Promise<unknown>) => void } = await import(
      /* webpackIgnore: true */ /* @vite-ignore */ name
    )
    waitUntil(work.catch(() => {}))
  } catch {
    // A Worker that is no module has none to import: then the work ends with its request, as if this were not here.
  }
}
