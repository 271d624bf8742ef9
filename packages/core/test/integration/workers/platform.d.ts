/** What Workers bring, as far as `worker.ts` takes it. */
declare module 'cloudflare:workers' {
  export const env: Readonly<Record<'VENDOR' | 'CLIENT_ID' | 'CLIENT_SECRET' | 'PRIVATE_KEY', string>>
}

/** The program's path. */
declare module 'workerd' {
  const path: string
  export = path
}
