import type { Answer } from '../faults.ts'
import type { RecordedRequest } from '../recorded-request.ts'
import { type Check, expectThat } from './check.ts'
import type { Fixture, RunWithFixture } from './fixture.ts'
import { outageHeaders } from './outage-headers.ts'
import { findLeaks } from './printings.ts'
import type { ProviderOffers, ProviderSuite } from './provider-suite.ts'
import { leavesOf, parseJson, replaceAt } from './secret-places.ts'

/** A text in responses that errors must not quote (rule X2). */
const marker = 'nightlatch-marker-7f3a'

export function secretChecks(
  suite: ProviderSuite<ProviderOffers, unknown>,
  runWithFixture: RunWithFixture,
): readonly Check[] {
  const group = 'secrets'
  const check = (name: string, use: (fixture: Fixture) => Promise<void>): Check => ({
    group,
    name,
    run: () => runWithFixture(use),
  })
  return [
    check('X1: reveals no secret on success', async (fixture) => {
      const client = fixture.client()
      const token = await client.token()
      fixture.markSecret(token.value)
      if (suite.apiUrl !== null) await client.fetch(await fixture.apiUrl(client))
      expectNoSecrets(fixture, { token, client, provider: client.provider })
    }),
    check('X1: reveals no secret if the server echoes the request', async (fixture) => {
      for (const write of echoes(suite)) {
        const answer = (request: RecordedRequest): Answer => write(quote(request, fixture))
        fixture.emulator.faults.set('token', { name: 'answer', answer })
        await expectSafeOutcome(fixture, fixture.client().token())
      }
    }),
    check('X1: reveals no secret if a token comes with an error', async (fixture) => {
      const token = await fixture.client().token()
      fixture.markSecret(token.value)
      const { value } = token
      const { headers = {}, text = '' } = fixture.lastAnswer('token') ?? {}
      const good = parseJson(text)
      const members = typeof good === 'object' && good !== null && !Array.isArray(good) ? good : { access_token: value }
      const errors = { error_description: `kept ${value}`, errorSummary: value, message: value, detail: value }
      const body = { ...members, error: 'invalid_client', ...errors }
      for (const status of [200, 400, 500]) {
        // The valid response's headers are kept, because the token may be in one of them.
        fixture.emulator.faults.set('token', { name: 'answer', answer: { status, headers, body } })
        await expectSafeOutcome(fixture, fixture.client().token())
      }
    }),
    {
      group,
      name: 'X1: reveals no secret if the network fails',
      async run() {
        const faults = [{ name: 'reset' }, { name: 'hang' }, { name: 'truncated' }] as const
        // Run in parallel, because each takes the client's whole timeout.
        await Promise.all(
          faults.map((fault) =>
            runWithFixture(async (fixture) => {
              fixture.emulator.faults.set('token', fault)
              await expectSafeOutcome(fixture, fixture.client({ timeout: 0.3 }).token())
            }),
          ),
        )
      },
    },
    check('X2: reveals only the status and the error of a response', async (fixture) => {
      const headers = {
        ...outageHeaders,
        'x-nightlatch': marker,
        'set-cookie': marker,
        'www-authenticate': `Basic realm="${marker}"`,
      }
      const body = { error: 'invalid_client', nightlatch: marker, data: { nightlatch: marker }, trace: [marker] }
      fixture.markSecret(marker)
      for (const answer of [
        { status: 400, headers, body },
        { status: 200, headers, body: { ...body, error: undefined } },
        { status: 500, headers, body: `<p>${marker}` },
      ]) {
        fixture.emulator.faults.set('token', { name: 'answer', answer })
        await expectSafeOutcome(fixture, fixture.client().token())
      }
    }),
    check('X1: reveals no secret in hints', async (fixture) => {
      const explain = fixture.provider.explain
      const token = await fixture.client().token()
      fixture.markSecret(token.value)
      if (explain === undefined) return
      const url = new URL(`https://api.example/path?token=${encodeURIComponent(token.value)}`)
      for (const status of [200, 400, 401, 403, 404, 429, 500]) {
        for (const body of [token.value, { error: token.value, message: `got ${token.value}` }, [token.value]]) {
          expectThat(
            findLeaks(explain({ status, url, body }), fixture.secrets()).length === 0,
            `the hints for a ${status} of the API quote the response, including the token`,
          )
        }
      }
    }),
    ...(suite.discovers !== undefined
      ? [
          check('X1, X2: reveals neither secret nor response if discovery fails', async (fixture) => {
            fixture.markSecret((await fixture.client().token()).value)
            fixture.markSecret(marker)
            for (const [status, type] of [
              [200, 'text/plain'],
              [200, 'application/json'],
              [401, 'text/plain'],
              [403, 'application/json'],
              [500, 'text/plain'],
            ] as const) {
              const answer = (request: RecordedRequest): Answer => {
                const said = `${quote(request, fixture)} ${marker}`
                const isText = type === 'text/plain'
                return {
                  status,
                  headers: { 'content-type': type },
                  body: isText ? said : { message: said, error: said, apiUrl: said },
                }
              }
              fixture.emulator.faults.set('discovery', { name: 'answer', answer })
              const client = fixture.client()
              await expectSafeOutcome(
                fixture,
                typeof fixture.provider.api === 'function' ? client.api() : client.token(),
              )
            }
          }),
        ]
      : []),
  ]
}

/** Responses that echo a text in every place of an error, in the vendor's and in common formats. */
function echoes(suite: ProviderSuite<ProviderOffers, unknown>): readonly ((said: string) => Answer)[] {
  const documented = (suite.refusals ?? []).map(
    ({ status, headers = {}, body }) =>
      (said: string): Answer => ({
        status,
        headers: { ...outageHeaders, ...headers },
        body: leavesOf(body)
          .filter(({ value }) => typeof value === 'string')
          .reduce((echo, { path }) => replaceAt(echo, path, said), body),
      }),
  )
  return [
    ...documented,
    (said) => ({ status: 400, body: { error: said, error_description: said } }),
    (said) => ({ status: 401, body: { errorCode: said, errorSummary: said, message: said, detail: said } }),
    (said) => ({ status: 403, body: { error: { code: said, message: said }, errors: [{ message: said }] } }),
    (said) => ({ status: 200, body: { hasError: true, message: said, errorDescription: said } }),
    (said) => ({ status: 400, body: said }),
    (said) => ({ status: 200, body: { token_type: said, access_token: 'x', accessToken: 'x', tokenType: said } }),
  ]
}

/** Everything a request carried, as a careless server would quote it. */
function quote({ headers, query, body }: RecordedRequest, fixture: Fixture): string {
  const { clientSecret } = fixture.emulator.credentials
  return `${clientSecret} ${[...headers].flat().join(' ')} ${query} ${body}`
}

/** Waits for a promise and checks its outcome and the events for secrets. */
async function expectSafeOutcome(fixture: Fixture, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  expectNoSecrets(fixture, { outcome })
}

function expectNoSecrets(fixture: Fixture, values: Readonly<Record<string, unknown>>): void {
  const all: readonly (readonly [string, unknown])[] = [
    ...Object.entries(values),
    ...fixture.events.map((event) => [`the event ${event.type}`, event] as const),
  ]
  for (const [what, value] of all) {
    const leaks = findLeaks(value, fixture.secrets())
    const name = what === 'outcome' ? 'the error' : what
    expectThat(leaks.length === 0, `${name} reveals ${leaks.length} of ${fixture.secrets().length} secrets`)
  }
}
