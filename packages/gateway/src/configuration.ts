import type { Credentials, Provider, TokenStore } from '@nightlatch/core'

/** The configuration of a gateway, in a TypeScript, JSON or YAML file. */
export interface GatewayConfiguration {
  /** The clients whose tokens the gateway uses, by name. */
  readonly clients: Readonly<Record<string, GatewayClient>>
  /** Shares tokens with other gateways, so that all of them make one grant. Default: in memory, this gateway only. */
  readonly store?: RedisConfiguration | TokenStore
  /** Where the gateway listens. Default: `[{ host: '127.0.0.1', port: 8711 }]`. */
  readonly listen?: readonly ListenAddress[]
  /** The address of the status page, the health checks and the metrics. Default: they are not served. */
  readonly admin?: AdminAddress
  /** Hosts that a listener without callers serves besides `127.0.0.1`, `[::1]` and `localhost`, without a port. Default: none. */
  readonly hosts?: readonly string[]
  /** Who may call, by name. Default: everyone who reaches the socket or the loopback port. */
  readonly callers?: Readonly<Record<string, Caller>>
  /** The APIs that requests are forwarded to, by the first segment of the path. Default: none. */
  readonly upstreams?: Readonly<Record<string, Upstream>>
  /** The clients whose tokens are served by `POST /token/<client>`, by the client's name. Default: none. */
  readonly tokens?: Readonly<Record<string, TokenAccess>>
}

/**
 * A secret: `{ env }` names an environment variable, `{ file }` a file, of which one line break at the end is not read. A string
 * is the secret itself, which only a TypeScript file can contain.
 */
export type Secret = string | { readonly env: string } | { readonly file: string }

/** A client of one provider. */
export interface GatewayClient {
  /** A provider package's function by name, or the fields of a provider. */
  readonly provider: ProviderReference | Provider
  /** The client's credentials. A function is the core's `credentials` function, in TypeScript only. */
  readonly credentials: GatewayCredentials | (() => Credentials | Promise<Credentials>)
  /** Scopes instead of the provider's. */
  readonly scopes?: string | readonly string[]
  /** Parameters of each token request, in addition to the provider's. */
  readonly parameters?: Readonly<Record<string, string | readonly string[]>>
  /** Seconds for a whole grant, retries included; at most 600. Default 10. */
  readonly timeout?: number
  /** Permits plain http to other machines. Default `false`. */
  readonly allowInsecureRequests?: boolean
}

/** A provider package's function, such as `prevu3d`, with its options beside `use`. */
export interface ProviderReference {
  readonly use: string
  readonly [option: string]: unknown
}

/** Credentials whose members may be read from the environment or from files. */
export interface GatewayCredentials {
  readonly clientId?: Secret
  readonly clientSecret?: Secret
  /** A private key in PEM, or a JWK as JSON. */
  readonly privateKey?: Secret
  readonly keyId?: Secret
}

/** Redis or Valkey. */
export interface RedisConfiguration {
  /** `redis://` or `rediss://`, with host and port; a password may be in a variable or a file. */
  readonly redis: Secret
  /** The prefix of every key. Default: that of `redisStore`. */
  readonly prefix?: string
  /** AES keys as base64url; the first encrypts, all decrypt. */
  readonly encryptionKeys: readonly Secret[]
}

/** A host and port, a unix socket, or an open file descriptor, such as 3 from systemd. */
export type ListenAddress = HostAddress | SocketAddress | DescriptorAddress

/** A host and port. A host other than loopback requires `tls` and `callers`. */
export interface HostAddress {
  readonly host?: string
  /** 0 picks a free port. */
  readonly port: number
  readonly tls?: TlsConfiguration
}

/** A unix socket. */
export interface SocketAddress {
  readonly socket: string
  /** The socket's file mode in octal. Default `'0660'`. */
  readonly mode?: string
}

/** A socket that another program opened. */
export interface DescriptorAddress {
  readonly descriptor: number
}

/** The status page, health checks and metrics: a loopback address or a unix socket. */
export type AdminAddress = HostAddress | SocketAddress | DescriptorAddress

/** A server's certificate. A string is PEM. */
export interface TlsConfiguration {
  readonly certificate: Secret
  readonly key: Secret
  /** Certificates of the authorities that callers' certificates are verified against. Default: callers show none. */
  readonly clientAuthority?: Secret
}

/** How a caller proves who it is; one of `keys`, `jwt` and `certificate`, or several of them. */
export interface Caller {
  /** Digests of keys, as `sha256:` and 64 hexadecimal digits; two of them for a rotation. */
  readonly keys?: readonly string[]
  readonly jwt?: JwtCaller
  /** A URI or DNS name of the client certificate. */
  readonly certificate?: string
  /** Requests at the same time; more are answered with 503. Default 100. */
  readonly concurrency?: number
}

/** A caller that sends a JWT which another party signed. */
export interface JwtCaller {
  readonly issuer: string
  /** The `aud` claim, which has to name this gateway. */
  readonly audience: string
  /** The `sub` claim; `*` stands for any characters. */
  readonly subject: string
  /** The URL of the issuer's keys. */
  readonly jwks: string
}

/** An API, and who may call it. */
export interface Upstream {
  /** The name of a client, which must have an API. */
  readonly client: string
  /** Which requests are forwarded. Default: none. */
  readonly allow?: readonly AccessRule[]
  /** Callers, which are proxies, that may ask `GET /authorize/<upstream>` for the token. Default: none. */
  readonly authorize?: readonly string[]
  /** Maximum size of a request's body, in bytes. Default 104,857,600 (100 MiB). */
  readonly maxBodyBytes?: number
  /** A body of at most this many bytes is sent again if the API rejects the token; at most 1,048,576. Default 65,536. */
  readonly replayBytes?: number
  /** Seconds until the head of the API's response. Default 30. */
  readonly timeout?: number
  /** Whether WebSocket connections are permitted. Default `false`. */
  readonly websocket?: boolean
  /** Whether the gateway adds `X-Forwarded-For`, `-Proto` and `-Host`. Default `false`. */
  readonly forwarded?: boolean
}

/** Which callers may send which methods to which paths. */
export interface AccessRule {
  /** Names of callers; `*` stands for every known caller, or for everyone if the configuration has no `callers`. */
  readonly callers: '*' | readonly string[]
  readonly methods: readonly string[]
  /** Patterns of the path: `*` stands for a segment or a part of one, `**` for the rest. */
  readonly paths: readonly string[]
}

/** Who may get a client's token itself. */
export interface TokenAccess {
  /** Names of callers; `*` stands for every known caller, or for everyone if the configuration has no `callers`. */
  readonly callers: '*' | readonly string[]
  /** Minimum lifetime of a served token, in seconds. Default: as `client.token()`. */
  readonly minimumLifetime?: number
}
