/** Where a proxy forwards requests, and the constant header that proxies without tokens add. */
export interface Target {
  /** The server's origin; paths are kept. */
  readonly origin: string
  readonly tokenEndpoint: string
  /** A valid `Authorization` header. */
  readonly authorization: string
}

/** A proxy that listens on loopback. */
export interface RunningProxy {
  /** The URL of the server's `/api` through the proxy. */
  readonly apiUrl: string
  /** Headers that the proxy requires of its callers. */
  readonly headers: Readonly<Record<string, string>>
  /** The processes that forward requests. */
  processes(): readonly number[]
  stop(): Promise<void>
}

/** Starts a proxy; resolves to `undefined` if the program is not installed. */
export type StartProxy = (target: Target, nodeOptions: readonly string[]) => Promise<RunningProxy | undefined>
