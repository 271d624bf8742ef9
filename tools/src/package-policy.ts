/** The allowed dependencies and sizes of each published package; `docs/dependencies.md` has the reasons. */
import { scope } from './project.ts'

/** Sizes in bytes. */
export interface SizeLimits {
  /** The tarball. */
  readonly packed: number
  /** Its files, including source maps and declarations. */
  readonly unpacked: number
  /** The initial chunks of a bundle of `imports` with all dependencies, minified and gzipped, without the core; libraries only. */
  readonly bundled?: number
}

export interface PackagePolicy {
  /** Packages installed with it. */
  readonly dependencies: readonly string[]
  /** Peer dependencies besides `@nightlatch/core`. */
  readonly peers: readonly string[]
  /** Packages whose code is built into it. */
  readonly bundled: readonly string[]
  /** The export whose bundle is measured. */
  readonly imports?: string
  readonly limits: SizeLimits
}

/** By folder name. Raise a limit in the change that requires it, and describe the benefit in its changeset. */
export const policies: Readonly<Record<string, PackagePolicy>> = {
  cli: {
    dependencies: [
      '@clack/prompts',
      `${scope}/core`,
      `${scope}/hexagon`,
      `${scope}/prevu3d`,
      `${scope}/providers`,
      `${scope}/testing`,
      `${scope}/workload-identity`,
      'commander',
    ],
    peers: [],
    bundled: [],
    limits: { packed: 230_000, unpacked: 770_000 },
  },
  core: {
    dependencies: ['jose', 'ky'],
    peers: [],
    bundled: ['openid-client', 'valibot'],
    imports: 'createClient',
    limits: { packed: 330_000, unpacked: 1_420_000, bundled: 32_000 },
  },
  gateway: {
    dependencies: [
      '@fastify/reply-from',
      `${scope}/core`,
      `${scope}/hexagon`,
      `${scope}/prevu3d`,
      `${scope}/providers`,
      `${scope}/redis`,
      `${scope}/undici`,
      '@redis/client',
      'fastify',
      'jose',
      'prom-client',
      'undici',
      'yaml',
    ],
    peers: [],
    bundled: [],
    limits: { packed: 145_000, unpacked: 500_000 },
  },
  hexagon: {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'smartCompletions',
    limits: { packed: 10_000, unpacked: 35_000, bundled: 3_000 },
  },
  mcp: {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'mcpAuth',
    limits: { packed: 22_000, unpacked: 85_000, bundled: 8_000 },
  },
  opentelemetry: {
    dependencies: [],
    peers: ['@opentelemetry/api'],
    bundled: [],
    imports: 'instrument',
    limits: { packed: 15_000, unpacked: 55_000, bundled: 12_000 },
  },
  prevu3d: {
    dependencies: [],
    peers: [],
    bundled: ['valibot'],
    imports: 'prevu3d',
    limits: { packed: 45_000, unpacked: 320_000, bundled: 5_000 },
  },
  providers: {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'entraId',
    limits: { packed: 60_000, unpacked: 300_000, bundled: 3_000 },
  },
  redis: {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'redisStore',
    limits: { packed: 20_000, unpacked: 75_000, bundled: 4_000 },
  },
  testing: {
    dependencies: ['jose'],
    peers: [],
    bundled: [],
    imports: 'startEmulator',
    limits: { packed: 125_000, unpacked: 480_000, bundled: 5_000 },
  },
  undici: {
    dependencies: [],
    peers: ['undici'],
    bundled: [],
    imports: 'nightlatchInterceptor',
    limits: { packed: 22_000, unpacked: 85_000, bundled: 5_000 },
  },
  'workload-identity': {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'githubActions',
    limits: { packed: 20_000, unpacked: 75_000, bundled: 2_500 },
  },
}

/** The allowed licences of bundled and installed packages: they require only attribution. */
export const licences: readonly string[] = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]
