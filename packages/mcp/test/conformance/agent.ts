/** The client that the conformance suite runs: `agent.ts <version of the SDK> <option of the transport> <URL of the server>`. */
import { type ClientAuthentication, type Credentials, jwtBearerGrant, none } from '@nightlatch/core'
import { type McpAuth, mcpAuth } from '../../src/index.ts'

const [, , sdk = '', option = '', serverUrl = ''] = process.argv
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as Readonly<Record<string, string | undefined>>

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''

/** A scenario that gives no credentials does not check them, or ends before they would be sent. */
const { client_id: clientId = 'agent', client_secret: clientSecret = 'secret', issuer } = context
const { private_key_pem: privateKey, valid_jwt: jwt } = context
const dpop = scenario.startsWith('auth/dpop')

function findCredentials(): Credentials {
  if (privateKey !== undefined) return { clientId, privateKey }
  return jwt === undefined && !dpop ? { clientId, clientSecret } : { clientId }
}

function findAuthentication(): ClientAuthentication | undefined {
  if (dpop) return none()
  return jwt === undefined ? undefined : jwtBearerGrant(() => jwt)
}

const clientAuthentication = findAuthentication()
await using auth = mcpAuth(serverUrl, {
  credentials: findCredentials(),
  ...(issuer !== undefined && { issuer }),
  ...(clientAuthentication !== undefined && { clientAuthentication }),
  ...(dpop && { dpop }),
})

const url = new URL(serverUrl)
const information = { name: 'nightlatch-conformance', version: '1.0.0' }
const transportOptions = (auth: McpAuth) => (option === 'authProvider' ? { authProvider: auth } : { fetch: auth.fetch })

if (sdk === '1') {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const client = new Client(information, { capabilities: auth.capabilities })
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: auth.fetch }) as never)
  await client.listTools()
  await client.close()
} else {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')
  const client = new Client(information, { capabilities: auth.capabilities })
  await client.connect(new StreamableHTTPClientTransport(url, transportOptions(auth)))
  await client.listTools()
  await client.close()
}
