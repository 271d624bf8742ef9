/** Prints the names of the divisions of an organisation. */
import { createClient } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'

const {
  PREVU3D_CLIENT_ID = '',
  PREVU3D_CLIENT_SECRET = '',
  PREVU3D_CLOUD_API_URL,
} = process.env

await using client = createClient(
  prevu3d(
    PREVU3D_CLOUD_API_URL === undefined
      ? {}
      : { cloudApiUrl: PREVU3D_CLOUD_API_URL },
  ),
  {
    credentials: {
      clientId: PREVU3D_CLIENT_ID,
      clientSecret: PREVU3D_CLIENT_SECRET,
    },
  },
)

const { organization } = await client.info()
const api = await client.api()
const divisions = await api
  .get(`v1/nodes/${organization.id}/browse`)
  .json<{ name: string }[]>()
for (const { name } of divisions) process.stdout.write(`${name}\n`)
