/** What Cloudflare Workers bring, as far as it is used here; a Worker's own types come from `wrangler types`. */
declare module 'cloudflare:workers' {
  export const env: Readonly<Record<string, string>>
}
