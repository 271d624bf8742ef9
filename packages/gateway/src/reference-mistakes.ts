import type { AccessRule, Caller, GatewayConfiguration, ListenAddress, Upstream } from './configuration.ts'
import { isLoopback } from './loopback.ts'
import { describeUnknownReference, isObject, type Report } from './value-checks.ts'

/** Whether the part of the configuration at a path has no mistake. */
export type IsSound = (path: string) => boolean

/**
 * Finds what is wrong between the parts of a configuration: names that do not exist, and addresses that are not protected.
 *
 * @param isSound parts that are not sound are left out, but their names count
 */
export function findReferenceMistakes(config: GatewayConfiguration, isSound: IsSound, report: Report): void {
  const { callers } = config
  // Without a usable section of clients, each reference to one would be a mistake for the same reason.
  const clients = isObject(config.clients) ? Object.keys(config.clients) : undefined
  const upstreams = soundEntries(config.upstreams, 'upstreams', isSound)
  const tokens = soundEntries(config.tokens, 'tokens', isSound)
  const findCallers = callerChecks(callers, report)
  for (const [name, upstream] of upstreams) {
    const path = `upstreams.${name}`
    if (clients?.includes(upstream.client) === false) {
      report(`${path}.client`, describeUnknownReference(`${path}.client`, 'client', upstream.client, clients))
    }
    for (const [at, rule] of (upstream.allow ?? []).entries()) findCallers(rule.callers, `${path}.allow[${at}].callers`)
    if (upstream.authorize !== undefined) findCallers(upstream.authorize, `${path}.authorize`)
  }
  for (const [client, access] of tokens) {
    const path = `tokens.${client}`
    if (clients?.includes(client) === false) report(path, describeUnknownReference(path, 'client', client, clients))
    findCallers(access.callers, `${path}.callers`)
  }
  const sound = soundEntries(callers, 'callers', isSound)
  findDoubleProofs(sound, report)
  if (!isSound('listen') || !isSound('admin')) return
  findAddressMistakes(config, report)
  findUnverifiedCertificates(config, sound, report)
}

function soundEntries<Entry>(
  record: Readonly<Record<string, Entry>> | undefined,
  path: string,
  isSound: IsSound,
): readonly (readonly [string, Entry])[] {
  // A value of another type was reported by the schema.
  return isObject(record) ? Object.entries(record).filter(([name]) => isSound(`${path}.${name}`)) : []
}

function callerChecks(
  callers: GatewayConfiguration['callers'],
  report: Report,
): (named: AccessRule['callers'] | Upstream['authorize'], path: string) => void {
  const known = isObject(callers) ? Object.keys(callers) : []
  return (named, path) => {
    if (named === '*' || named === undefined || named.length === 0) return
    if (named.includes('*')) {
      const wayOut = path.endsWith('.authorize') ? 'Name each proxy' : 'Write callers: "*"'
      return report(path, `${path} must not have "*" in a list. ${wayOut}`)
    }
    if (callers === undefined) {
      return report(path, `${path} names callers, but the configuration has no \`callers\`. Add them, or write "*"`)
    }
    for (const [at, name] of named.entries()) {
      if (known.includes(name)) continue
      const place = `${path}[${at}]`
      report(place, describeUnknownReference(place, 'caller', name, known))
    }
  }
}

/** A key or certificate of two callers would let the order of the file decide who calls. */
function findDoubleProofs(callers: readonly (readonly [string, Caller])[], report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, { keys = [], certificate }] of callers) {
    const proofs: readonly (readonly [string, string])[] = [
      ...keys.map((key, at) => [`callers.${name}.keys[${at}]`, key] as const),
      ...(certificate === undefined ? [] : [[`callers.${name}.certificate`, `certificate ${certificate}`] as const]),
    ]
    for (const [path, proof] of proofs) {
      const owner = owners.get(proof)
      if (owner === undefined) owners.set(proof, path)
      else report(path, `${path} is the same as ${owner}. Give each caller its own`)
    }
  }
}

function findAddressMistakes({ listen = [], admin, callers }: GatewayConfiguration, report: Report): void {
  const taken = new Map<string, string>()
  const all: readonly (readonly [string, ListenAddress])[] = [
    ...listen.map((address, at) => [`listen[${at}]`, address] as const),
    ...(admin === undefined ? [] : [['admin', admin] as const]),
  ]
  for (const [path, address] of all) {
    const place = placeOf(address)
    const other = taken.get(place)
    if (other !== undefined) report(path, `${path} is the same address as ${other}`)
    if (!place.endsWith(':0')) taken.set(place, path)
    if (!('port' in address) || isLoopback(address.host ?? '127.0.0.1')) continue
    const isProtected = address.tls !== undefined && callers !== undefined
    if (path === 'admin') {
      report(path, `${path}: ${address.host} is not a loopback address. Use 127.0.0.1, ::1 or a socket`)
    } else if (!isProtected) {
      report(
        path,
        `${path}: ${address.host} is not a loopback address, so it requires \`tls\` and a \`callers\` section`,
      )
    }
  }
}

function findUnverifiedCertificates(
  { listen = [] }: GatewayConfiguration,
  callers: readonly (readonly [string, Caller])[],
  report: Report,
): void {
  if (listen.some((address) => 'port' in address && address.tls?.clientAuthority !== undefined)) return
  for (const [name, { certificate }] of callers) {
    const path = `callers.${name}.certificate`
    if (certificate === undefined) continue
    report(path, `${path} has no effect: no listener has \`tls.clientAuthority\`, by which certificates are verified`)
  }
}

function placeOf(address: ListenAddress): string {
  if ('socket' in address) return address.socket
  return 'descriptor' in address ? `fd ${address.descriptor}` : `${address.host ?? '127.0.0.1'}:${address.port}`
}
