/** Checks of `@nightlatch/workload-identity` on every runtime with Node's modules. */
import { NightlatchError } from '@nightlatch/core'
import { azureManagedIdentity, fromFile, githubActions } from '@nightlatch/workload-identity'
import { expect, expectEqual, failureOf, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a JWT from the endpoint that a platform names in its environment',
    async run() {
      const seen: string[] = []
      const environment = {
        ACTIONS_ID_TOKEN_REQUEST_URL: 'https://actions.example/idtoken?a=1',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
      }
      const fetch: typeof globalThis.fetch = async (url, init) => {
        seen.push(`${url} ${new Headers(init?.headers).get('authorization')}`)
        return Response.json({ value: 'a.b.c' })
      }
      expectEqual(await githubActions({ audience: 'api://acme', environment, fetch })(), 'a.b.c', 'the JWT')
      expectEqual(
        seen,
        ['https://actions.example/idtoken?a=1&audience=api%3A%2F%2Facme Bearer request-token'],
        'the request',
      )
    },
  },
  {
    name: 'a platform that is updated is transient',
    async run() {
      const fetch: typeof globalThis.fetch = async () => new Response('', { status: 410 })
      const failure = await failureOf(Promise.resolve(azureManagedIdentity({ environment: {}, fetch })()), 'status 410')
      expect(failure instanceof NightlatchError && failure.retryable, 'retryable')
    },
  },
  {
    name: 'a file that cannot be read is named by its path',
    async run() {
      const failure = await failureOf(Promise.resolve(fromFile('/nightlatch-missing/token')()), 'a missing file')
      expect(failure instanceof NightlatchError && failure.message.includes('/nightlatch-missing/token'), 'the path')
    },
  },
]
