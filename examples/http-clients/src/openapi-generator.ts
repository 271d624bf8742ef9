import type { Client } from '@nightlatch/core'
import {
  Configuration,
  type Identity,
  IdentityApi,
} from '@ory/client-fetch'

export async function createIdentity(
  client: Client,
  basePath: string,
  email: string,
): Promise<Identity> {
  const identities = new IdentityApi(
    new Configuration({ basePath, fetchApi: client.fetch }),
  )
  return await identities.createIdentity({
    createIdentityBody: { schema_id: 'default', traits: { email } },
  })
}
