import type { PackageName } from '../servers/clients.ts'

/** A message to a process of the fleet. */
export type Order =
  | { readonly type: 'begin'; readonly id: number; readonly setting: Setting }
  | { readonly type: 'call'; readonly id: number; readonly callers: number; readonly scope: string }
  | { readonly type: 'advance'; readonly id: number; readonly seconds: number }

export interface Setting {
  readonly packageName: PackageName
  readonly port: number
  readonly password: string
  /** What is to be trusted; absent without TLS. */
  readonly certificate?: string | undefined
  /** Whether the port is a node's of a cluster. */
  readonly isCluster: boolean
  /** In base64; the first encrypts. */
  readonly encryptionKeys: readonly string[]
  readonly tokenEndpoint: string
  /** Its number in the fleet, which it sends to the token endpoint. */
  readonly member: number
  /** Seconds. */
  readonly timeout: number
}

/** What it answers, once it has done it. */
export interface Report {
  /** Of the order. */
  readonly id: number
  readonly tokens: readonly string[]
  /** What calls failed with. */
  readonly failures: readonly string[]
  /** Milliseconds of the call that took longest. */
  readonly slowest: number
  /** How often the client emitted each event since it began. */
  readonly events: Readonly<Record<string, number>>
}
