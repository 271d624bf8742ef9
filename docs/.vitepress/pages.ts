/** The pages of the site, in the order of its sidebar. A page that is added under `docs` is added here, or a test fails. */

export interface PageGroup {
  readonly title: string
  readonly pages: readonly Page[]
}

export interface Page {
  readonly title: string
  /** From `docs`. */
  readonly file: string
}

export const pageGroups: readonly PageGroup[] = [
  {
    title: 'Start',
    pages: [
      { title: 'What is where', file: 'README.md' },
      { title: 'Install', file: 'install.md' },
      { title: 'First call: Prevu3D', file: 'guides/prevu3d-first-call.md' },
      { title: 'First call: Hexagon', file: 'guides/hexagon-first-call.md' },
      { title: 'A fleet on Kubernetes', file: 'guides/fleet-on-kubernetes.md' },
      { title: 'A token for other programs', file: 'guides/tokens-for-programs.md' },
    ],
  },
  {
    title: 'Providers',
    pages: [
      { title: 'Prevu3D', file: 'providers/prevu3d.md' },
      { title: 'Hexagon', file: 'providers/hexagon.md' },
      { title: 'Other vendors', file: 'providers.md' },
    ],
  },
  {
    title: 'Use',
    pages: [
      { title: 'Clients and options', file: 'core.md' },
      { title: 'The life of a token', file: 'life-of-a-token.md' },
      { title: 'Credentials', file: 'credentials.md' },
      { title: 'Workload identity', file: 'workload-identity.md' },
      { title: 'Sharing tokens', file: 'sharing.md' },
      { title: 'Redis and Valkey', file: 'redis.md' },
      { title: 'Adding a store', file: 'adding-a-store.md' },
      { title: 'Runtimes', file: 'runtimes.md' },
      { title: 'Cloudflare Workers', file: 'cloudflare-workers.md' },
      { title: 'HTTP clients', file: 'http-clients.md' },
      { title: 'undici', file: 'undici.md' },
      { title: 'Events', file: 'events.md' },
      { title: 'OpenTelemetry', file: 'opentelemetry.md' },
      { title: 'Command line', file: 'cli.md' },
      { title: 'Gateway', file: 'gateway.md' },
      { title: 'Errors', file: 'errors.md' },
      { title: 'Production checklist', file: 'production-checklist.md' },
      { title: 'Migrating', file: 'migrating.md' },
    ],
  },
  {
    title: 'Test',
    pages: [{ title: 'Testing your program', file: 'testing.md' }],
  },
  {
    title: 'Other providers',
    pages: [
      { title: 'Adding a provider', file: 'adding-a-provider.md' },
      { title: 'The vocabulary', file: 'providers-vocabulary.md' },
    ],
  },
  {
    title: 'Background',
    pages: [
      { title: 'Benchmarks', file: 'benchmarks.md' },
      { title: 'A fleet for a day', file: 'fleet.md' },
      { title: 'Security', file: 'security.md' },
      { title: 'What comes with a package', file: 'dependencies.md' },
      { title: 'Glossary', file: 'glossary.md' },
      { title: 'Decisions', file: 'decisions.md' },
      { title: 'Rules', file: 'rules.md' },
    ],
  },
]

/** Pages that no sidebar leads to, and why. */
export const pagesOutsideTheSidebar: Readonly<Record<string, string>> = {
  'index.md': 'the start page',
}

/** Files outside `docs` that a page of the site holds whole. Links to them lead to that page. */
export const includedFiles: Readonly<Record<string, string>> = {
  'SECURITY.md': 'security.md',
}

/** Where a page is on the site, if not where its file is. */
export const movedPages: Readonly<Record<string, string>> = {
  'README.md': 'contents.md',
}
