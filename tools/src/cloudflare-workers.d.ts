/** The types of Cloudflare Workers that this repository uses; a Worker gets its own from `wrangler types`. */
declare module 'cloudflare:workers' {
  export const env: Cloudflare.Env
}

declare namespace Cloudflare {
  /** The bindings of the Worker in `examples/cloudflare-workers`. */
  interface Env {
    readonly PREVU3D_CLOUD_API_URL: string
    readonly PREVU3D_CLIENT_ID: string
    readonly PREVU3D_CLIENT_SECRET: string
  }
}
