import { env } from 'cloudflare:workers'
import { createClient } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'

const client = createClient(
  prevu3d({ cloudApiUrl: env.PREVU3D_CLOUD_API_URL }),
  {
    credentials: {
      clientId: env.PREVU3D_CLIENT_ID,
      clientSecret: env.PREVU3D_CLIENT_SECRET,
    },
  },
)

export default {
  async fetch(): Promise<Response> {
    const { organization } = await client.info()
    const api = await client.api()
    return await api.get(`v1/nodes/${organization.id}/browse`)
  },
}
