/** Checks of `@nightlatch/providers` on every runtime. */
import { createClient } from '@nightlatch/core'
import { keycloak } from '@nightlatch/providers'
import { expectEqual, type RuntimeCheck } from './runtime-check.ts'

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'a token by the description of a vendor',
    async run() {
      const asked: string[] = []
      const fetch: typeof globalThis.fetch = async (url) => {
        asked.push(`${url}`)
        return Response.json({ access_token: 'a-token', token_type: 'Bearer', expires_in: 3600 })
      }
      const provider = keycloak({ host: 'sso.example', realm: 'plants', api: 'https://api.example' })
      const credentials = { clientId: 'robot', clientSecret: 'a-secret-for-a-test' }
      const client = createClient(provider, { credentials, fetch, timeout: 60 })
      const { value } = await client.token()
      expectEqual(value, 'a-token', 'the token')
      expectEqual(asked, ['https://sso.example/realms/plants/protocol/openid-connect/token'], 'the request')
      await client.close()
    },
  },
]
