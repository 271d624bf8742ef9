/** What a published package may depend on, hold and weigh. `docs/dependencies.md` says why. */

/** Sizes in bytes. */
export interface SizeLimits {
  /** The tarball. */
  readonly packed: number
  /** What is in it, source maps and declarations too. */
  readonly unpacked: number
  /** What a bundle of `imports` loads at once, dependencies and peers included, minified and gzipped; libraries alone. */
  readonly bundled?: number
}

export interface PackagePolicy {
  /** What is installed with it. */
  readonly dependencies: readonly string[]
  /** What the program brings, besides `@nightlatch/core`. */
  readonly peers: readonly string[]
  /** Packages whose code is built into it. */
  readonly bundled: readonly string[]
  /** What is imported from it where its bundle is weighed. */
  readonly imports?: string
  readonly limits: SizeLimits
}

/** By the folder's name. Raise a limit in the change that needs it, and say in its changeset what users get for it. */
export const policies: Readonly<Record<string, PackagePolicy>> = {
  cli: {
    dependencies: [
      '@clack/prompts',
      '@nightlatch/core',
      '@nightlatch/hexagon',
      '@nightlatch/prevu3d',
      '@nightlatch/testing',
      'commander',
    ],
    peers: [],
    bundled: [],
    limits: { packed: 150_000, unpacked: 550_000 },
  },
  core: {
    dependencies: ['jose', 'ky', 'openid-client'],
    peers: [],
    bundled: ['valibot'],
    imports: 'createClient',
    limits: { packed: 220_000, unpacked: 950_000, bundled: 30_000 },
  },
  hexagon: {
    dependencies: [],
    peers: [],
    bundled: [],
    imports: 'smartCompletions',
    limits: { packed: 10_000, unpacked: 35_000, bundled: 3_000 },
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
    limits: { packed: 20_000, unpacked: 75_000, bundled: 4_500 },
  },
}

/** Licences of what comes with a published package: they ask for no more than to be named. */
export const licences: readonly string[] = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
]
