/** An AWS Lambda handler behind an HTTP API. */
import { createClient, NightlatchError } from '@nightlatch/core'
import { prevu3d } from '@nightlatch/prevu3d'
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda'

const { PREVU3D_CLOUD_API_URL } = process.env

// Once per instance, so that its invocations share the token.
const client = createClient(
  prevu3d(
    PREVU3D_CLOUD_API_URL === undefined
      ? {}
      : { cloudApiUrl: PREVU3D_CLOUD_API_URL },
  ),
  {
    credentials: () => ({
      clientId: process.env.PREVU3D_CLIENT_ID ?? '',
      clientSecret: process.env.PREVU3D_CLIENT_SECRET ?? '',
    }),
    // Less than the function's timeout, so that the handler can respond.
    timeout: 5,
  },
)

export async function handler(
  _event: APIGatewayProxyEventV2,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<APIGatewayProxyStructuredResultV2> {
  const signal = AbortSignal.timeout(
    Math.max(0, context.getRemainingTimeInMillis() - 500),
  )
  try {
    const { organization } = await client.info({ signal })
    const api = await client.api({ signal })
    const body = await api
      .get(`v1/nodes/${organization.id}/browse`, { signal })
      .text()
    return {
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      body,
    }
  } catch (failure) {
    if (failure === signal.reason) return { statusCode: 504, body: '' }
    if (!(failure instanceof NightlatchError)) throw failure
    return {
      statusCode: failure.retryable ? 503 : 502,
      body: JSON.stringify({ error: failure.code }),
    }
  }
}
