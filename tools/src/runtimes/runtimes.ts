/** The runtimes to check the packages on, their versions and how to run a module. */

import { oldestNode } from '../project.ts'

export interface Runtime {
  readonly name: string
  readonly version: string
  /** How modules are loaded: by a process that resolves packages, or by workerd from a list of modules or one bundle. */
  readonly kind: 'process' | 'modules' | 'bundle'
  /** The npm package with the program; default: the current Node. */
  readonly install?: { readonly alias: string; readonly spec: string }
  /** A pattern of the program's path in `node_modules`. */
  readonly program?: string
  /** Parameters before the module, for a package. */
  readonly parameters?: (slug: string) => readonly string[]
}

const NODE_OF_THE_WORKSPACE = process.versions.node

/** The package with Node's program, which npm's package `node` would install by a script. */
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
 * Deno requires a permission for the network; undici also reads the environment, the command line reads files, and workload
 * identity reads a file.
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
