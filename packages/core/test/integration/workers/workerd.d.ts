/** The package names the program's path, and no types. */
declare module 'workerd' {
  const path: string
  export = path
}

declare namespace Cloudflare {
  /** The bindings of `worker.ts`. */
  interface Env {
    readonly VENDOR: string
    readonly CLIENT_ID: string
    readonly CLIENT_SECRET: string
    readonly PRIVATE_KEY: string
  }
}
