/** An Express service with one client. */
import { type Client, NightlatchError } from '@nightlatch/core'
import type { Prevu3dInfo } from '@nightlatch/prevu3d'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { HTTPError } from 'ky'

export function buildService(client: Client<Prevu3dInfo>): Express {
  const service = express()

  service.get('/divisions', async (_request, response) => {
    const { organization } = await client.info()
    const api = await client.api()
    const path = `v1/nodes/${organization.id}/browse`
    response.json(await api.get(path).json())
  })

  const reportErrors: ErrorRequestHandler = (error, _, response, next) => {
    if (error instanceof NightlatchError) {
      const { code, retryable, retryAfter } = error
      if (retryAfter !== undefined)
        response.set('retry-after', `${retryAfter}`)
      response.status(retryable ? 503 : 502).json({ error: code })
    } else if (error instanceof HTTPError) {
      response.status(502).json({ error: 'vendor' })
    } else {
      next(error)
    }
  }
  service.use(reportErrors)

  return service
}
