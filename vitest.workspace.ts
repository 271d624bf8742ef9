import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages are tested from their sources: the private export condition `source` needs no build first.
const conditions = ['source', 'module', 'import', 'default']

const projectIn = (folder: string, name: string): ViteUserConfig => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { name, root: `${folder}/${name}`, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
})

const workspace: ViteUserConfig = defineConfig({
  test: {
    projects: [
      ...['core', 'prevu3d', 'hexagon', 'testing', 'undici', 'cli', 'workshop'].map((name) =>
        projectIn('packages', name),
      ),
      projectIn('examples', 'providers'),
      projectIn('examples', 'http-clients'),
      projectIn('.', 'benchmarks'),
    ],
  },
})

export default workspace
