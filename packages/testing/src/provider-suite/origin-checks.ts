import { type Check, expectEqual, failureOf } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'

/** Domains under which anyone can register a host, so that `*` before one allows everyone. */
const sharedDomains: readonly string[] = [
  ...['co.uk', 'com.au', 'co.jp', 'com.br', 'co.nz', 'co.za', 'com.cn', 'co.in', 'co.kr'],
  ...['amazonaws.com', 'cloudfront.net', 'elasticbeanstalk.com', 'awsapprunner.com'],
  ...['azurewebsites.net', 'azure-api.net', 'cloudapp.net', 'cloudapp.azure.com', 'azurefd.net', 'windows.net'],
  ...['appspot.com', 'run.app', 'web.app', 'firebaseapp.com', 'cloudfunctions.net', 'googleusercontent.com'],
  ...['github.io', 'gitlab.io', 'herokuapp.com', 'netlify.app', 'vercel.app', 'pages.dev', 'workers.dev', 'fly.dev'],
  ...['onrender.com', 'ngrok.io', 'ngrok.app', 'ngrok-free.app', 'trycloudflare.com', 'deno.dev'],
]

export function originChecks(
  _suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group: 'allowed origins',
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('rejects foreign origins before it requests a token', async (fixture) => {
      const known = await fixture.apiUrl(fixture.client())
      const count = fixture.requests('token').length
      for (const url of foreignUrls(fixture, known)) {
        const { code } = await failureOf(fixture.client().fetch(url), `a call of ${new URL(url).origin}`)
        expectEqual(code, 'origin_refused', `the error code of a call of ${new URL(url).origin}`)
      }
      expectEqual(fixture.requests('token').length - count, 0, 'the number of token requests')
      expectEqual(fixture.strayRequests.length, 0, 'the number of requests at other servers')
    }),
    check('allows no origins of shared hosting domains', async (fixture) => {
      const open = (fixture.provider.apiOrigins ?? []).filter((pattern) =>
        sharedDomains.some((suffix) =>
          pattern
            .replace(/\/$/, '')
            .replace(/:\d{1,5}$/, '')
            .endsWith(`*.${suffix}`),
        ),
      )
      expectEqual(open, [], 'the apiOrigins under which anyone can register a host')
    }),
    check('removes the token on redirects to another origin', async (fixture) => {
      const client = fixture.client()
      const url = await fixture.apiUrl(client)
      const token = await client.token()
      fixture.markSecret(token.value)
      for (const status of [302, 307] as const) {
        fixture.emulator.faults.set('api', { name: 'redirect', to: `${fixture.foreignServer}/caught`, status })
        await client.fetch(url).catch(() => undefined)
      }
      const leaks = fixture.strayRequests.filter(({ sent }) => sent.includes(token.value))
      expectEqual(leaks.length, 0, 'the number of requests that sent the token to another server')
    }),
  ]
}

/** Foreign URLs that resemble the provider's. */
function foreignUrls(fixture: Fixture, api: URL): readonly string[] {
  const patterns = (fixture.provider.apiOrigins ?? []).filter((pattern) => pattern.startsWith('https://*.'))
  const lookalikes = patterns.flatMap((pattern) => {
    const host = pattern.slice('https://*.'.length).replace(/\/$/, '')
    // `*` matches exactly one label, so none of these is allowed.
    return [`https://${host}.foreign.example`, `https://foreign-${host}`, `https://a.b.${host}`, `http://a.${host}`]
  })
  const elsewhere = (fixture.emulator as { readonly elsewhereUrl?: unknown }).elsewhereUrl
  return [
    fixture.foreignServer,
    'https://foreign.example',
    `https://${api.hostname}.foreign.example`,
    ...(typeof elsewhere === 'string' ? [elsewhere] : []),
    ...lookalikes,
  ].filter((url) => URL.canParse(url))
}
