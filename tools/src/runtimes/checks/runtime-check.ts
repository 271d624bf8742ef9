/** A check of a package on every runtime; this module uses only APIs that every runtime has. */

export interface RuntimeCheck {
  /** What works if the check passes: a row of the table. */
  readonly name: string
  run(emulatorServer: EmulatorServerClient): Promise<void>
}

export interface RuntimeCheckResult {
  readonly name: string
  /** Why the check failed; absent if it passed. */
  readonly problem?: string
}

/** A request that an emulator received. */
export interface SeenRequest {
  readonly part: string | undefined
  readonly path: string
  /** The scheme of the `Authorization` header. */
  readonly scheme: string | undefined
}

/** An emulator of the emulator server: its addresses, requests and faults. */
export interface RemoteEmulator {
  readonly id: string
  readonly offers: Readonly<Record<string, string>>
  readonly credentials: { readonly clientId: string; readonly clientSecret: string }
  requests(part?: string): Promise<readonly SeenRequest[]>
  fault(part: string, fault: object): Promise<void>
}

/** A client of the server that starts emulators for the checks. */
export interface EmulatorServerClient {
  emulator(kind: string, settings?: object): Promise<RemoteEmulator>
}

export function connectToEmulatorServer(url: string): EmulatorServerClient {
  const ask = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`the emulator server responded with ${response.status}: ${await response.text()}`)
    return (await response.json()) as Answer
  }
  return {
    async emulator(kind, settings = {}) {
      const started = await ask<Pick<RemoteEmulator, 'id' | 'offers' | 'credentials'>>('emulators', { kind, settings })
      const { id } = started
      return {
        ...started,
        async requests(part) {
          const requests = await ask<readonly SeenRequest[]>('requests', { id })
          return requests.filter((request) => part === undefined || request.part === part)
        },
        async fault(part, fault) {
          await ask('faults', { id, part, fault })
        },
      }
    },
  }
}

/** Runs the checks in order and continues after failures. */
export async function runChecks(
  checks: readonly RuntimeCheck[],
  emulatorServerUrl: string,
): Promise<readonly RuntimeCheckResult[]> {
  const emulatorServer = connectToEmulatorServer(emulatorServerUrl)
  const results: RuntimeCheckResult[] = []
  for (const { name, run } of checks) {
    try {
      await run(emulatorServer)
      results.push({ name })
    } catch (error) {
      results.push({ name, problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    }
  }
  return results
}

export function expect(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`failed: ${what}`)
}

/** Compares plain values as JSON. */
export function expectEqual(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`)
}

/** Returns the error that a promise rejects with. */
export async function failureOf(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error(`did not fail: ${what}`)
}

/** Returns a member of an emulator that must exist. */
export function offered(emulator: RemoteEmulator, name: string): string {
  const value = emulator.offers[name]
  if (value === undefined) throw new Error(`the emulator has no ${name}`)
  return value
}

/** Prints a value in every way that the runtime supports. */
export function printings(value: unknown): readonly string[] {
  const runtime = globalThis as {
    readonly Bun?: { inspect(value: unknown): string }
    readonly Deno?: { inspect(value: unknown, options: object): string }
    readonly process?: { getBuiltinModule?(name: string): { inspect(value: unknown, options: object): string } }
  }
  const deep = { depth: 10 }
  return [
    String(value),
    `${JSON.stringify(value)}`,
    ...(value instanceof Error ? [`${value.stack}`, ...(value.cause === undefined ? [] : printings(value.cause))] : []),
    ...(runtime.Bun === undefined ? [] : [runtime.Bun.inspect(value)]),
    ...(runtime.Deno === undefined ? [] : [runtime.Deno.inspect(value, deep)]),
    ...(runtime.process?.getBuiltinModule === undefined
      ? []
      : [runtime.process.getBuiltinModule('node:util').inspect(value, deep)]),
  ]
}
