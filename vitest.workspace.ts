import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages are tested from their sources: the private export condition `source` needs no build first.
const conditions = ['source', 'module', 'import', 'default']

const workspace: ViteUserConfig = defineConfig({
  test: {
    projects: [
      ...['core', 'prevu3d', 'hexagon', 'testing', 'cli', 'workshop'].map((name) => ({
        name,
        root: `packages/${name}`,
      })),
      { name: 'examples', root: 'examples/providers' },
    ].map(({ name, root }) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: { name, root, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
    })),
  },
})

export default workspace
