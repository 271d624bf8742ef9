import type { Bench, Stand } from './bench.ts'
import { type Check, expectEqual, failureOf } from './check.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'

/** Under these anybody can have a host: a `*` right before one lets everybody in. */
const openToAnybody: readonly string[] = [
  ...['co.uk', 'com.au', 'co.jp', 'com.br', 'co.nz', 'co.za', 'com.cn', 'co.in', 'co.kr'],
  ...['amazonaws.com', 'cloudfront.net', 'elasticbeanstalk.com', 'awsapprunner.com'],
  ...['azurewebsites.net', 'azure-api.net', 'cloudapp.net', 'cloudapp.azure.com', 'azurefd.net', 'windows.net'],
  ...['appspot.com', 'run.app', 'web.app', 'firebaseapp.com', 'cloudfunctions.net', 'googleusercontent.com'],
  ...['github.io', 'gitlab.io', 'herokuapp.com', 'netlify.app', 'vercel.app', 'pages.dev', 'workers.dev', 'fly.dev'],
  ...['onrender.com', 'ngrok.io', 'ngrok.app', 'ngrok-free.app', 'trycloudflare.com', 'deno.dev'],
]

export function originChecks(_suite: ProviderSuite<ProviderOffers, unknown>, bench: Bench): readonly Check[] {
  const check = (name: string, use: (stand: Stand) => Promise<void>): Check => ({
    group: 'where its tokens go',
    name,
    run: () => bench(use),
  })
  return [
    check('refuses other origins before it asks for a token', async (stand) => {
      const known = await stand.apiUrl(stand.client())
      const asked = stand.requests('token').length
      for (const url of strangers(stand, known)) {
        const { code } = await failureOf(stand.client().fetch(url), `a call of ${new URL(url).origin}`)
        expectEqual(code, 'origin_refused', `the error code of a call of ${new URL(url).origin}`)
      }
      expectEqual(stand.requests('token').length - asked, 0, 'the number of token requests')
      expectEqual(stand.stray.length, 0, 'the number of requests at other servers')
    }),
    check('names no origins that anybody can have', async (stand) => {
      const open = (stand.provider.apiOrigins ?? []).filter((pattern) =>
        openToAnybody.some((suffix) =>
          pattern
            .replace(/\/$/, '')
            .replace(/:\d{1,5}$/, '')
            .endsWith(`*.${suffix}`),
        ),
      )
      expectEqual(open, [], 'the apiOrigins under which anybody can have a host')
    }),
    check('loses the token where the API redirects to another origin', async (stand) => {
      const client = stand.client()
      const url = await stand.apiUrl(client)
      const token = await client.token()
      stand.mark(token.value)
      for (const status of [302, 307] as const) {
        stand.emulator.faults.set('api', { name: 'redirect', to: `${stand.stranger}/caught`, status })
        await client.fetch(url).catch(() => undefined)
      }
      const shown = stand.stray.filter(({ sent }) => sent.includes(token.value))
      expectEqual(shown.length, 0, 'the number of requests that showed another server the token')
    }),
  ]
}

/** URLs that look as if they were the provider's, and are not. */
function strangers(stand: Stand, api: URL): readonly string[] {
  const patterns = (stand.provider.apiOrigins ?? []).filter((pattern) => pattern.startsWith('https://*.'))
  const lookalikes = patterns.flatMap((pattern) => {
    const host = pattern.slice('https://*.'.length).replace(/\/$/, '')
    // `*` is one label, and all before the host is the label's.
    return [`https://${host}.stranger.example`, `https://stranger-${host}`, `https://a.b.${host}`, `http://a.${host}`]
  })
  const elsewhere = (stand.emulator as { readonly elsewhereUrl?: unknown }).elsewhereUrl
  return [
    stand.stranger,
    'https://stranger.example',
    `https://${api.hostname}.stranger.example`,
    ...(typeof elsewhere === 'string' ? [elsewhere] : []),
    ...lookalikes,
  ].filter((url) => URL.canParse(url))
}
