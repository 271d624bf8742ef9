/** The runtimes that the packages are tried on: which versions, what npm calls them, how a module is run. */

import { oldestNode } from '../project.ts'

export interface Runtime {
  readonly name: string
  readonly version: string
  /** How modules come to it: a process that finds packages itself, or workerd, which is handed each module. */
  readonly kind: 'process' | 'modules' | 'bundle'
  /** What of npm holds the program; absent: the Node that runs this. */
  readonly install?: { readonly alias: string; readonly spec: string }
  /** Where the program is, once installed: a pattern below `node_modules`. */
  readonly program?: string
  /** What stands between the program and the module, for a package. */
  readonly parameters?: (slug: string) => readonly string[]
}

const NODE_OF_THE_WORKSPACE = process.versions.node

/** Node's own program, as npm's package `node` would fetch it in an install script. */
function nodePackage(): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const prefix = platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  return `${prefix}-${platform}-${process.arch}`
}

function node(version: string): Runtime {
  const alias = `node-${version}`
  return {
    name: 'Node.js',
    version,
    kind: 'process',
    install: { alias, spec: `npm:${nodePackage()}@${version}` },
    program: `${alias}/bin/node*`,
  }
}

/**
 * Deno asks for each permission: the network is enough, but undici reads the environment, the command line files as well, and
 * workload identity a file.
 */
function denoPermissions(slug: string): readonly string[] {
  const network = '--allow-net=127.0.0.1'
  if (slug === 'undici') return [network, '--allow-env']
  if (slug === 'workload-identity') return [network, '--allow-read']
  return slug === 'cli' ? [network, '--allow-env', '--allow-read'] : [network]
}

const WORKERD = '1.20261117.1'

export const runtimes: readonly Runtime[] = [
  node(`${oldestNode}.0`),
  node('22.23.3'),
  { name: 'Node.js', version: NODE_OF_THE_WORKSPACE, kind: 'process' },
  node('26.10.0'),
  {
    name: 'Bun',
    version: '1.4.5',
    kind: 'process',
    install: { alias: 'bun', spec: '1.4.5' },
    program: '@oven/*/bin/bun*',
    parameters: () => ['--no-install'],
  },
  {
    name: 'Deno',
    version: '2.9.6',
    kind: 'process',
    install: { alias: 'deno', spec: '2.9.6' },
    program: '@deno/*/deno*',
    parameters: (slug) => ['run', '--quiet', '--no-prompt', '--node-modules-dir=manual', ...denoPermissions(slug)],
  },
  {
    name: 'workerd',
    version: WORKERD,
    kind: 'modules',
    install: { alias: 'workerd', spec: WORKERD },
    program: '@cloudflare/workerd-*/bin/workerd*',
  },
  {
    name: 'edge bundle, in workerd',
    version: WORKERD,
    kind: 'bundle',
    install: { alias: 'workerd', spec: WORKERD },
    program: '@cloudflare/workerd-*/bin/workerd*',
  },
]
