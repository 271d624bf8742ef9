import type { GatewayConfiguration } from '../configuration.ts'

/** One thing that a caller may do. */
export interface Access {
  readonly caller: string
  /** A route of the gateway, such as `/plants` or `POST /token/orders`. */
  readonly route: string
  readonly methods: readonly string[]
  readonly paths: readonly string[]
}

/** The caller of a gateway without `callers`. */
const everyone = '(everyone)'

/** Lists who may do what, in the order of callers; a caller that may do nothing has an entry without a route. */
export function listAccess({ callers, upstreams = {}, tokens = {} }: GatewayConfiguration): readonly Access[] {
  const names = callers === undefined ? [everyone] : Object.keys(callers)
  const includes = (named: '*' | readonly string[], name: string): boolean => named === '*' || named.includes(name)
  return names.flatMap((caller): readonly Access[] => {
    const rules = Object.entries(upstreams).flatMap(([upstream, { allow = [], authorize = [] }]) => [
      ...allow
        .filter((rule) => includes(rule.callers, caller))
        .map(({ methods, paths }) => ({ caller, route: `/${upstream}`, methods, paths })),
      ...(includes(authorize, caller)
        ? [{ caller, route: `/authorize/${upstream}`, methods: ['GET'], paths: [] }]
        : []),
    ])
    const served = Object.entries(tokens)
      .filter(([, access]) => includes(access.callers, caller))
      .map(([client]) => ({ caller, route: `/token/${client}`, methods: ['POST'], paths: [] }))
    const all = [...rules, ...served]
    return all.length > 0 ? all : [{ caller, route: '(nothing)', methods: [], paths: [] }]
  })
}

/** Formats the list for people. */
export function formatAccess(list: readonly Access[]): string {
  const head = ['CALLER', 'ROUTE', 'METHODS', 'PATHS']
  const lines = list.map(({ caller, route, methods, paths }) => [caller, route, methods.join(','), paths.join(' ')])
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)))
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
