// The public names. What is not here is not public.
export { type McpAuth, mcpAuth } from './mcp-auth.ts'
export type { McpAuthOptions } from './options.ts'
export type { McpCapabilities, UnauthorizedContext } from './server-auth.ts'
