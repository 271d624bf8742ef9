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
      { title: 'Start', file: 'start.md' },
      { title: 'Install', file: 'install.md' },
      { title: 'First call: Prevu3D', file: 'guides/prevu3d-first-call.md' },
      { title: 'First call: Hexagon', file: 'guides/hexagon-first-call.md' },
      { title: 'All pages', file: 'README.md' },
    ],
  },
  {
    title: 'How-to: credentials',
    pages: [
      { title: 'Rotate a secret', file: 'credentials.md' },
      { title: 'Sign with a private key', file: 'guides/private-keys.md' },
      { title: 'Authenticate with a certificate', file: 'guides/mutual-tls.md' },
      { title: 'Bind tokens to a key', file: 'guides/dpop.md' },
      { title: 'Workload identity', file: 'workload-identity.md' },
      { title: 'Workload identity by platform', file: 'workload-identity-platforms.md' },
      { title: 'Workload identity by server', file: 'workload-identity-servers.md' },
      { title: 'GitHub Actions without a secret', file: 'guides/github-actions.md' },
      { title: 'Kubernetes without a secret', file: 'guides/kubernetes.md' },
      { title: 'Entra without a secret', file: 'guides/entra.md' },
    ],
  },
  {
    title: 'How-to: requests',
    pages: [
      { title: 'HTTP clients', file: 'http-clients.md' },
      { title: 'axios', file: 'guides/axios.md' },
      { title: 'got and ofetch', file: 'guides/got-and-ofetch.md' },
      { title: 'undici', file: 'undici.md' },
      { title: 'GraphQL', file: 'guides/graphql.md' },
      { title: 'Generated clients', file: 'guides/generated-clients.md' },
      { title: 'The token alone', file: 'guides/token-only.md' },
      { title: 'Kafka', file: 'guides/kafka.md' },
      { title: 'gRPC', file: 'guides/grpc.md' },
      { title: 'PostgreSQL', file: 'guides/postgresql.md' },
      { title: 'SMTP and IMAP', file: 'guides/mail.md' },
      { title: 'AMQP and MQTT', file: 'guides/amqp-and-mqtt.md' },
      { title: 'Tokens for long work', file: 'guides/long-lived-connections.md' },
      { title: 'Proxies and private CAs', file: 'guides/proxies-and-private-cas.md' },
      { title: 'A token for other programs', file: 'guides/tokens-for-programs.md' },
      { title: 'Gateway', file: 'gateway.md' },
      { title: 'Gateway: container', file: 'guides/gateway-container.md' },
      { title: 'Gateway: systemd', file: 'guides/gateway-systemd.md' },
      { title: 'Gateway: Kubernetes', file: 'guides/gateway-kubernetes.md' },
      { title: 'Gateway: nginx', file: 'guides/gateway-nginx.md' },
      { title: 'Gateway: Envoy', file: 'guides/gateway-envoy.md' },
      { title: 'Gateway: Python', file: 'guides/gateway-python.md' },
      { title: 'Gateway: Power BI and Postman', file: 'guides/gateway-power-bi.md' },
      { title: 'MCP', file: 'mcp.md' },
    ],
  },
  {
    title: 'How-to: frameworks and platforms',
    pages: [
      { title: 'Next.js', file: 'guides/nextjs.md' },
      { title: 'NestJS', file: 'guides/nestjs.md' },
      { title: 'Express', file: 'guides/express.md' },
      { title: 'Fastify', file: 'guides/fastify.md' },
      { title: 'AWS Lambda', file: 'guides/aws-lambda.md' },
      { title: 'Cloudflare Workers', file: 'cloudflare-workers.md' },
      { title: 'A fleet on Kubernetes', file: 'guides/fleet-on-kubernetes.md' },
      { title: 'Jest and CommonJS', file: 'guides/jest-and-commonjs.md' },
    ],
  },
  {
    title: 'How-to: many processes and tenants',
    pages: [
      { title: 'Share tokens over Redis', file: 'guides/share-over-redis.md' },
      { title: 'Many tenants', file: 'guides/many-tenants.md' },
      { title: 'Write a store', file: 'adding-a-store.md' },
    ],
  },
  {
    title: 'How-to: test and run',
    pages: [
      { title: 'Test your code', file: 'testing.md' },
      { title: 'Production checklist', file: 'production-checklist.md' },
      { title: 'OpenTelemetry', file: 'opentelemetry.md' },
    ],
  },
  {
    title: 'How-to: migrate',
    pages: [
      { title: 'Replace hand-written code', file: 'migrating.md' },
      { title: 'From simple-oauth2', file: 'guides/from-simple-oauth2.md' },
      { title: 'From openid-client', file: 'guides/from-openid-client.md' },
      { title: 'From axios interceptors', file: 'guides/from-axios-interceptors.md' },
    ],
  },
  {
    title: 'Providers',
    pages: [
      { title: 'Prevu3D', file: 'providers/prevu3d.md' },
      { title: 'Hexagon', file: 'providers/hexagon.md' },
      { title: 'Other vendors', file: 'providers.md' },
      { title: 'Adding a provider', file: 'adding-a-provider.md' },
      { title: 'The vocabulary', file: 'providers-vocabulary.md' },
    ],
  },
  {
    title: 'Reference',
    pages: [
      { title: 'Client and options', file: 'core.md' },
      { title: 'Requests', file: 'requests.md' },
      { title: 'Client authentication', file: 'client-authentication.md' },
      { title: 'Issuers and metadata', file: 'issuers.md' },
      { title: 'Errors', file: 'errors.md' },
      { title: 'Events', file: 'events.md' },
      { title: 'Command line', file: 'cli.md' },
      { title: 'Redis and Valkey', file: 'redis.md' },
      { title: 'Conformance suites', file: 'conformance-suites.md' },
      { title: 'Runtimes', file: 'runtimes.md' },
      { title: 'Dependencies', file: 'dependencies.md' },
      { title: 'Benchmark results', file: 'benchmark-results.md' },
      { title: 'Glossary', file: 'glossary.md' },
      { title: 'Changelog', file: 'changelog.md' },
    ],
  },
  {
    title: 'Explanation',
    pages: [
      { title: 'The life of a token', file: 'life-of-a-token.md' },
      { title: 'Sharing tokens', file: 'sharing.md' },
      { title: 'Security', file: 'security.md' },
      { title: 'A fleet for a day', file: 'fleet.md' },
      { title: 'Benchmarks', file: 'benchmarks.md' },
    ],
  },
  {
    title: 'Contributing',
    pages: [
      { title: 'Decisions', file: 'decisions.md' },
      { title: 'Rules', file: 'rules.md' },
      { title: 'Runtime checks', file: 'runtime-checks.md' },
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
