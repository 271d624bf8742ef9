/**
 * An agent that ships open orders by the tools of an MCP server, without a
 * user.
 */
import { pathToFileURL } from 'node:url'
import {
  Client,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { type McpAuth, mcpAuth } from '@nightlatch/mcp'

/**
 * A tool that the agent wants to call. In a real agent, a language model
 * chooses it from the tools and the results so far.
 */
interface Step {
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Decides on the next step; `undefined` when the task is done. */
type Decide = (
  tools: readonly string[],
  results: readonly string[],
) => Step | undefined

/**
 * Runs the agent until its task is done.
 *
 * @returns the text of each result, in order
 */
export async function runAgent(
  serverUrl: string,
  auth: McpAuth,
  decide: Decide,
): Promise<readonly string[]> {
  const client = new Client(
    { name: 'shipping-agent', version: '1.0.0' },
    {
      capabilities: auth.capabilities,
      versionNegotiation: { mode: 'auto' },
    },
  )
  await client.connect(
    new StreamableHTTPClientTransport(new URL(serverUrl), {
      fetch: auth.fetch,
    }),
  )
  try {
    const { tools } = await client.listTools()
    const names = tools.map(({ name }) => name)
    const results: string[] = []
    for (
      let step = decide(names, results);
      step !== undefined;
      step = decide(names, results)
    ) {
      const { content } = await client.callTool({
        name: step.name,
        arguments: { ...step.arguments },
      })
      results.push(
        content
          .flatMap((part) => (part.type === 'text' ? [part.text] : []))
          .join('\n'),
      )
    }
    return results
  } finally {
    await client.close()
  }
}

/** Lists the orders, then ships each. */
export const shipOpenOrders: Decide = (tools, results) => {
  if (!tools.includes('list_orders') || !tools.includes('ship_order'))
    throw new Error('The server has other tools.')
  const [list, ...shipped] = results
  if (list === undefined) return { name: 'list_orders', arguments: {} }
  const next = list.split('\n')[shipped.length]
  return next === undefined
    ? undefined
    : { name: 'ship_order', arguments: { order: next } }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const {
    MCP_URL = '',
    MCP_ISSUER = '',
    MCP_CLIENT_ID = '',
    MCP_CLIENT_SECRET = '',
  } = process.env
  await using auth = mcpAuth(MCP_URL, {
    issuer: MCP_ISSUER,
    credentials: {
      clientId: MCP_CLIENT_ID,
      clientSecret: MCP_CLIENT_SECRET,
    },
  })
  for (const result of await runAgent(MCP_URL, auth, shipOpenOrders))
    process.stdout.write(`${result}\n`)
}
