// The public API: names that are missing here are internal.
export type {
  AccessRule,
  AdminAddress,
  Caller,
  DescriptorAddress,
  GatewayClient,
  GatewayConfiguration,
  GatewayCredentials,
  HostAddress,
  JwtCaller,
  ListenAddress,
  ProviderReference,
  RedisConfiguration,
  Secret,
  SocketAddress,
  TlsConfiguration,
  TokenAccess,
  Upstream,
} from './configuration.ts'
export { createGateway, defineGateway } from './gateway.ts'
export type { Gateway, GatewayAddress, GatewayOptions } from './gateway-types.ts'
