import type { ClientOptions, Provider, TokenStore } from '@nightlatch/core'
import type { AccessRule, Caller, TokenAccess, Upstream } from './configuration.ts'

/** A configuration without mistakes, with its defaults, its providers and its secrets resolved. */
export interface ValidConfiguration {
  readonly clients: Readonly<Record<string, ValidClient>>
  /** `undefined`: in memory, this gateway only. */
  readonly store: ValidStore | undefined
  readonly listen: readonly ValidAddress[]
  readonly admin: ValidAddress | undefined
  /** Without ports. */
  readonly hosts: readonly string[]
  /** `undefined`: everyone who reaches the socket or the loopback port. */
  readonly callers: Readonly<Record<string, ValidCaller>> | undefined
  readonly upstreams: Readonly<Record<string, ValidUpstream>>
  readonly tokens: Readonly<Record<string, TokenAccess>>
}

/** What `createClient` takes. */
export interface ValidClient {
  readonly provider: Provider
  readonly options: ClientOptions
  /**
   * What the client was made of. A reload keeps a running client, with its token, if the new configuration's source equals the
   * old one's, compared deeply.
   */
  readonly source: unknown
}

/** How to reach the store that gateways share. */
export type ValidStore =
  | { readonly kind: 'store'; readonly store: TokenStore }
  | {
      readonly kind: 'redis'
      readonly url: string
      readonly prefix: string | undefined
      /** Returns AES keys as base64url. */
      readonly readEncryptionKeys: () => Promise<readonly string[]>
      /** As `ValidClient.source`. */
      readonly source: unknown
    }

/** Where to listen. */
export type ValidAddress =
  | { readonly kind: 'host'; readonly host: string; readonly port: number; readonly tls: ValidTls | undefined }
  | { readonly kind: 'socket'; readonly path: string; readonly mode: number }
  | { readonly kind: 'descriptor'; readonly descriptor: number }

/** PEM texts. */
export interface ValidTls {
  readonly certificate: string
  readonly key: string
  readonly clientAuthority: string | undefined
}

/** A caller with its defaults. */
export interface ValidCaller extends Caller {
  readonly concurrency: number
}

/** An upstream with its defaults. */
export interface ValidUpstream extends Required<Omit<Upstream, 'allow' | 'authorize'>> {
  readonly allow: readonly AccessRule[]
  readonly authorize: readonly string[]
}
