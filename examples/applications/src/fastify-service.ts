/** A Fastify service with one client, which it closes. */
import { type Client, NightlatchError } from '@nightlatch/core'
import type { Prevu3dInfo } from '@nightlatch/prevu3d'
import Fastify, { type FastifyInstance } from 'fastify'
import { HTTPError } from 'ky'

export function buildService(client: Client<Prevu3dInfo>): FastifyInstance {
  const service = Fastify()

  service.addHook('onClose', () => client.close())

  service.get('/divisions', async (request) => {
    // An aborted request does not end the grant that others wait for.
    const signal = request.signal
    const { organization } = await client.info({ signal })
    const api = await client.api({ signal })
    return await api
      .get(`v1/nodes/${organization.id}/browse`, { signal })
      .json()
  })

  // For a load balancer: ready as soon as there is a token.
  service.get('/ready', async () => {
    await client.token()
    return { ready: true }
  })

  service.setErrorHandler((error, _request, reply) => {
    if (error instanceof NightlatchError) {
      // The error holds no secret.
      service.log.error(error)
      if (error.retryAfter !== undefined)
        reply.header('retry-after', String(error.retryAfter))
      return reply
        .code(error.retryable ? 503 : 502)
        .send({ error: error.code })
    }
    if (error instanceof HTTPError)
      return reply
        .code(502)
        .send({ error: 'vendor', status: error.response.status })
    throw error
  })

  return service
}
