import { isDeepStrictEqual } from 'node:util'
import type { Dispatcher } from 'undici'
import { type AccessRules, compileAccessRules } from './access-rules.ts'
import { CallerIdentity } from './caller-identity.ts'
import { type OpenStore, openStore } from './redis-token-store.ts'
import { toHostSet } from './request-check.ts'
import { RunningClient } from './running-client.ts'
import type { ValidConfiguration, ValidUpstream } from './valid-configuration.ts'

/** An upstream with its rules compiled. */
export interface ActiveUpstream extends Omit<ValidUpstream, 'client' | 'allow' | 'authorize'> {
  readonly name: string
  readonly client: RunningClient
  readonly rules: AccessRules
  readonly authorize: ReadonlySet<string>
}

/** Who may get the tokens of a client. */
interface ActiveTokens {
  readonly client: RunningClient
  readonly minimumLifetime: number | undefined
  readonly permits: (caller: string | undefined) => boolean
}

/** What requests are judged by, from one reload to the next. A request uses the one that it began with. */
export interface ActiveConfiguration {
  readonly clients: ReadonlyMap<string, RunningClient>
  readonly upstreams: ReadonlyMap<string, ActiveUpstream>
  readonly tokens: ReadonlyMap<string, ActiveTokens>
  /** `undefined`: everyone who reaches the listener. */
  readonly identity: CallerIdentity | undefined
  /** The hosts that are served without callers. */
  readonly hosts: ReadonlySet<string>
  /** How many requests a caller may have in progress. */
  readonly concurrencyOf: (caller: string | undefined) => number
  readonly openStore: OpenStore | undefined
  readonly config: ValidConfiguration
}

const defaultConcurrency = 100

/** Makes a configuration ready for requests. Clients that are configured as before go on. */
export async function activate(
  config: ValidConfiguration,
  agent: Dispatcher,
  previous: ActiveConfiguration | undefined,
  now: () => number,
): Promise<ActiveConfiguration> {
  const isSameStore = previous !== undefined && isDeepStrictEqual(storeSource(previous.config), storeSource(config))
  const store = isSameStore ? previous.openStore : config.store && (await openStore(config.store))
  const clients = new Map(
    Object.entries(config.clients).map(([name, client]) => {
      const running = previous?.clients.get(name)
      const isKept = isSameStore && running !== undefined && isDeepStrictEqual(running.source, client.source)
      return [name, isKept ? running : new RunningClient(name, client, agent, store?.store, now)]
    }),
  )
  const clientOf = (name: string): RunningClient => clients.get(name) as RunningClient
  const upstreams = Object.entries(config.upstreams).map(([name, upstream]): [string, ActiveUpstream] => [
    name,
    {
      ...upstream,
      name,
      client: clientOf(upstream.client),
      rules: compileAccessRules(upstream.allow),
      authorize: new Set(upstream.authorize),
    },
  ])
  const tokens = Object.entries(config.tokens).map(([name, { callers, minimumLifetime }]): [string, ActiveTokens] => {
    const permitted = callers === '*' ? undefined : new Set(callers)
    const permits = (caller: string | undefined): boolean =>
      permitted === undefined || (caller !== undefined && permitted.has(caller))
    return [name, { client: clientOf(name), minimumLifetime, permits }]
  })
  return {
    clients,
    upstreams: new Map(upstreams),
    tokens: new Map(tokens),
    identity: config.callers && new CallerIdentity(config.callers, now),
    hosts: toHostSet(config.hosts),
    concurrencyOf: (caller) =>
      (caller === undefined ? undefined : config.callers?.[caller]?.concurrency) ?? defaultConcurrency,
    openStore: store,
    config,
  }
}

/** Ends what the new configuration does not use. */
export async function retire(old: ActiveConfiguration, next: ActiveConfiguration | undefined): Promise<void> {
  const kept = new Set(next?.clients.values() ?? [])
  const ending = [...old.clients.values()].filter((client) => !kept.has(client))
  await Promise.all(ending.map(({ client }) => client.close()))
  if (old.openStore !== next?.openStore) old.openStore?.close()
}

function storeSource({ store }: ValidConfiguration): unknown {
  return store?.kind === 'redis' ? store.source : store?.store
}
