/** The commands of `pnpm tools <name>`, which are too rare for scripts in the root's package.json. */

export interface Tool {
  /** One line for the list: what the tool does, and when to run it. */
  readonly summary: string
  /** Returns the programs to run in order, from the parameters after the tool's name. */
  steps(parameters: readonly string[]): readonly Step[]
}

export interface Step {
  /** A file to run with Node, or a program installed in the workspace. */
  readonly program: string
  readonly parameters?: readonly string[]
  /** Options of Node, if the program is a file. */
  readonly nodeOptions?: readonly string[]
  /** The working directory, from the repository's root; default the root. */
  readonly folder?: string
}

const fromSources = '--conditions=@nightlatch/source'
const build: Step = { program: 'pnpm', parameters: ['--silent', 'run', 'build'] }

/** Runs one file of the repository with the given parameters. */
function file(program: string, ...nodeOptions: readonly string[]): Tool['steps'] {
  return (parameters) => [{ program, parameters, nodeOptions }]
}

export const tools: Readonly<Record<string, Tool>> = {
  api: {
    summary: "writes each package's public types into its api.txt, after an intended change",
    steps: file('tools/src/write-api-reports.ts'),
  },
  bench: {
    summary: 'measures calls against other libraries in about 35 minutes, after a change of a hot path',
    steps: (parameters) => [
      build,
      { program: 'tools/src/runtimes/fetch-runtimes.ts', parameters: ['Bun', 'Deno'] },
      { program: 'benchmarks/src/bench.ts', parameters, nodeOptions: ['--expose-gc'], folder: 'benchmarks' },
    ],
  },
  bundled: {
    summary: 'checks that what is built into the packages is not outdated; the release workflow runs it',
    steps: file('tools/src/check-bundled-age.ts'),
  },
  endpoints: {
    summary: 'writes the tables of docs/providers.md and its README from packages/providers, after a change there',
    steps: file('tools/src/write-providers-pages.ts', fromSources),
  },
  measure: {
    summary: 'measures what a cached token costs in bytes and nanoseconds, after a change of a hot path',
    steps: file('tools/src/measure-tokens.ts', '--expose-gc', fromSources),
  },
  mutation: {
    summary: 'runs the mutation tests of the core; slow, after new tests of the core',
    steps: (parameters) => [{ program: 'stryker', parameters: ['run', ...parameters], folder: 'packages/core' }],
  },
  packages: {
    summary: 'checks the packed packages; part of `check`',
    steps: file('tools/src/check-packages.ts'),
  },
  prose: {
    summary: 'lists sentences and phrases to rewrite, in pages, comments, messages and `--help`',
    steps: file('tools/src/prose/check-prose.ts'),
  },
  'provider-facts': {
    summary: 'lists vendors whose page was read more than a year ago, or a year before the given day',
    steps: file('tools/src/list-provider-facts.ts', fromSources),
  },
  record: {
    summary: 'draws docs/demo.svg from a real run of the demo, after a change of its output',
    steps: (parameters) => [build, { program: 'tools/src/record-demo.ts', parameters }],
  },
  redraw: {
    summary: 'draws the benchmark and the fleet again from the kept results, after a change of the drawing',
    steps: file('benchmarks/src/redraw.ts', fromSources),
  },
  runtimes: {
    summary: 'runs the packed packages on Node 22 to 26, Bun, Deno and workerd, and writes their tables in docs',
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
    summary: 'simulates a day of a fleet in virtual time in about three minutes, after a change of freshness.ts',
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
    summary: 'opens each page of the built site in a browser; CHROMIUM is the browser’s path',
    steps: (parameters) => [
      { program: 'vitest', parameters: ['run', '--root', 'docs', '--dir', 'docs/site', ...parameters] },
    ],
  },
  soak: {
    summary: 'runs a client against faults for ten minutes and checks its memory, after a change of the cache',
    steps: file('tools/src/soak.ts', '--expose-gc', fromSources),
  },
  'soak:gateway': {
    summary: 'runs the gateway against faults for ten minutes, or the given seconds, and checks its memory',
    steps: file('tools/src/soak-gateway.ts', fromSources),
  },
  types: {
    summary: 'checks the types; part of `check`',
    steps: (parameters) =>
      ['tsconfig.json', 'examples/http-clients/tsconfig.json', 'examples/applications/tsconfig.json'].map(
        (project) => ({
          program: 'tsc',
          parameters: ['--noEmit', '--project', project, ...parameters],
        }),
      ),
  },
  version: {
    summary: 'raises the versions by the changesets; the release workflow runs it',
    steps: () => [
      { program: 'changeset', parameters: ['version'] },
      { program: 'tools/src/write-api-reports.ts', parameters: ['--released'] },
    ],
  },
}

/** Lists the tools, one per line. */
export function listTools(): string {
  const width = Math.max(...Object.keys(tools).map((name) => name.length))
  return Object.entries(tools)
    .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
    .join('')
}
