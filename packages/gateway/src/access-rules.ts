import type { IncomingMessage } from 'node:http'
import type { AccessRule } from './configuration.ts'
import { findMethodOverrides } from './method-override.ts'
import { compilePathPattern, type PathPattern } from './path-pattern.ts'

/** The rules of one upstream, arranged by caller. */
export interface AccessRules {
  /**
   * The rule that permits a request. A method that a header names in place of its own has to be permitted as well.
   *
   * @param caller `undefined` without a `callers` section
   * @param path normalised
   * @returns such as `allow[0]`; `undefined` if no rule does
   */
  readonly find: (caller: string | undefined, request: IncomingMessage, path: string) => string | undefined
  /** The rule that permits a request of any caller. */
  readonly findForAnyone: (method: string, path: string) => string | undefined
  /** Whether any rule names this caller. */
  readonly names: (caller: string | undefined) => boolean
}

interface CompiledRule {
  readonly id: string
  readonly methods: ReadonlySet<string>
  readonly paths: readonly PathPattern[]
}

/** Compiles the rules of one upstream. */
export function compileAccessRules(rules: readonly AccessRule[]): AccessRules {
  const everyone: CompiledRule[] = []
  const byCaller = new Map<string, CompiledRule[]>()
  const all = rules.map(({ callers, methods, paths }, at): CompiledRule => {
    const rule = {
      id: `allow[${at}]`,
      methods: new Set(methods),
      paths: paths.map(compilePathPattern),
    }
    if (callers === '*') everyone.push(rule)
    else for (const caller of callers) byCaller.set(caller, [...(byCaller.get(caller) ?? []), rule])
    return rule
  })
  for (const [caller, own] of byCaller) byCaller.set(caller, [...own, ...everyone])
  const rulesOf = (caller: string | undefined): readonly CompiledRule[] =>
    (caller === undefined ? undefined : byCaller.get(caller)) ?? everyone
  return {
    find: (caller, request, path) => {
      const own = rulesOf(caller)
      const isPermitted = (method: string): boolean => findRule(own, method, path) !== undefined
      const rule = findRule(own, request.method ?? '', path)
      return findMethodOverrides(request)?.every(isPermitted) === false ? undefined : rule
    },
    findForAnyone: (method, path) => findRule(all, method, path),
    names: (caller) => rulesOf(caller).length > 0,
  }
}

function findRule(rules: readonly CompiledRule[], method: string, path: string): string | undefined {
  for (const { id, methods, paths } of rules) {
    if (!methods.has(method)) continue
    for (const matches of paths) if (matches(path)) return id
  }
  return undefined
}
