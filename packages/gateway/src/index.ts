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
export { createGateway, defineGateway, type Gateway, type GatewayAddress, type GatewayOptions } from './gateway.ts'
