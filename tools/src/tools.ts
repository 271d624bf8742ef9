/** The commands behind `pnpm tools <name>`: those that are too rare for a script in the root's package.json. */

export interface Tool {
  /** One line for the list: what it does, and when somebody needs it. */
  readonly summary: string
  /** The programs to run, one after the other, from the repository's root. The parameters are those given after the tool's name. */
  steps(parameters: readonly string[]): readonly Step[]
}

export interface Step {
  /** A file of the repository that Node runs, or a program that the workspace has installed. */
  readonly program: string
  readonly parameters?: readonly string[]
  /** Options of Node's own, where the program is a file. */
  readonly nodeOptions?: readonly string[]
  /** Where it runs, named from the root, if it is not the root. */
  readonly folder?: string
}

const fromSources = '--conditions=@nightlatch/source'
const build: Step = { program: 'pnpm', parameters: ['--silent', 'run', 'build'] }

/** Runs one file of the repository with the parameters that are given. */
function file(program: string, ...nodeOptions: readonly string[]): Tool['steps'] {
  return (parameters) => [{ program, parameters, nodeOptions }]
}

export const tools: Readonly<Record<string, Tool>> = {
  api: {
    summary: "writes each package's public types into its api.txt, after a change of them that is meant",
    steps: file('tools/src/write-api-reports.ts'),
  },
  bench: {
    summary: 'measures what a call costs beside its peers, about eight minutes, after a change of a hot path',
    steps: (parameters) => [
      build,
      { program: 'benchmarks/src/bench.ts', parameters, nodeOptions: ['--expose-gc'], folder: 'benchmarks' },
    ],
  },
  endpoints: {
    summary: 'writes docs/real-endpoints.md from examples/providers, after a change there',
    steps: file('examples/providers/page/write-page.ts', fromSources),
  },
  measure: {
    summary: 'measures what a cached token costs in bytes and nanoseconds, after a change of a hot path',
    steps: file('tools/src/measure-tokens.ts', '--expose-gc', fromSources),
  },
  mutation: {
    summary:
      'changes the code of the core place by place and runs its tests on each; slow, after new tests of the core',
    steps: (parameters) => [{ program: 'stryker', parameters: ['run', ...parameters], folder: 'packages/core' }],
  },
  packages: {
    summary: 'checks the built packages as a user receives them; part of `check`',
    steps: file('tools/src/check-packages.ts'),
  },
  record: {
    summary: 'draws docs/demo.svg from a real run of the demonstration, when it prints something else',
    steps: (parameters) => [build, { program: 'tools/src/record-demo.ts', parameters }],
  },
  runtimes: {
    summary:
      'runs the packed packages on Node 22 to 26, Bun, Deno and workerd, and writes the tables of docs/runtimes.md',
    steps: (parameters) => [
      build,
      { program: 'tools/src/runtimes/check-runtimes.ts', parameters, nodeOptions: [fromSources] },
    ],
  },
  sboms: {
    summary: 'writes a bill of materials for each package into the folder `sboms`; the release workflow runs it',
    steps: file('tools/src/write-sboms.ts'),
  },
  simulate: {
    summary: 'computes a day of a fleet in virtual time, about three minutes, after a change of freshness.ts',
    steps: (parameters) => [
      { program: 'benchmarks/src/simulate.ts', parameters, nodeOptions: [fromSources] },
      { program: 'biome', parameters: ['format', '--write', 'benchmarks/fleet.json'] },
    ],
  },
  'site:dev': {
    summary: 'serves the site while its pages are edited',
    steps: (parameters) => [
      { program: 'pnpm', parameters: ['--filter', '@nightlatch/site', 'run', 'dev', ...parameters] },
    ],
  },
  'site:walk': {
    summary: 'opens each page of the built site in a browser; CHROMIUM names the browser',
    steps: (parameters) => [
      { program: 'vitest', parameters: ['run', '--root', 'docs', '--dir', 'docs/site', ...parameters] },
    ],
  },
  soak: {
    summary: 'runs a client for ten minutes of faults and watches its memory, after a change of the cache',
    steps: file('tools/src/soak.ts', '--expose-gc', fromSources),
  },
  version: {
    summary: 'raises the versions that the changesets ask for; the release workflow runs it',
    steps: () => [
      { program: 'changeset', parameters: ['version'] },
      { program: 'tools/src/write-api-reports.ts', parameters: ['--released'] },
    ],
  },
}

/** One line for each tool, in columns. */
export function listTools(): string {
  const width = Math.max(...Object.keys(tools).map((name) => name.length))
  return Object.entries(tools)
    .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
    .join('')
}
