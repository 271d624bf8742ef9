/** One thing that a package must do on every runtime, and how the outcome is told. Nothing here but what every runtime has. */

export interface SmokeCheck {
  /** What works where it passes: a row of the table. */
  readonly name: string
  run(desk: Desk): Promise<void>
}

export interface SmokeResult {
  readonly name: string
  /** What went wrong; absent where nothing did. */
  readonly problem?: string
}

/** What one of the desk's emulators was asked. */
export interface SeenRequest {
  readonly part: string | undefined
  readonly path: string
  /** The scheme of the `Authorization` header. */
  readonly scheme: string | undefined
}

/** An emulator that the desk started: what it offers, and a way to look into it and to break it. */
export interface DeskEmulator {
  readonly id: string
  readonly offers: Readonly<Record<string, string>>
  readonly credentials: { readonly clientId: string; readonly clientSecret: string }
  requests(part?: string): Promise<readonly SeenRequest[]>
  fault(part: string, fault: object): Promise<void>
}

/** The server that starts emulators for the suite, wherever the suite runs. */
export interface Desk {
  emulator(kind: string, settings?: object): Promise<DeskEmulator>
}

export function openDesk(url: string): Desk {
  const ask = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`the desk answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as Answer
  }
  return {
    async emulator(kind, settings = {}) {
      const started = await ask<Pick<DeskEmulator, 'id' | 'offers' | 'credentials'>>('emulators', { kind, settings })
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

/** Runs the checks one after the other; none stops those after it. */
export async function runChecks(checks: readonly SmokeCheck[], deskUrl: string): Promise<readonly SmokeResult[]> {
  const desk = openDesk(deskUrl)
  const results: SmokeResult[] = []
  for (const { name, run } of checks) {
    try {
      await run(desk)
      results.push({ name })
    } catch (error) {
      results.push({ name, problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    }
  }
  return results
}

export function expect(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`not so: ${what}`)
}

/** Compared as JSON: enough for the plain values of the suite. */
export function expectEqual(found: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(found), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${what}: ${left} in place of ${right}`)
}

/** What a promise rejects with. */
export async function failureOf(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error(`not refused: ${what}`)
}

/** The value of a record that must have it. */
export function offered(emulator: DeskEmulator, name: string): string {
  const value = emulator.offers[name]
  if (value === undefined) throw new Error(`the emulator does not offer ${name}`)
  return value
}

/** Every way to print a value that the runtime has. */
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
