import { defineConfig, type ViteUserConfig } from 'vitest/config'

// What Stryker runs for each mutant: the same tests from the same sources as vitest.workspace.ts, without the slow ones.
const conditions = ['@nightlatch/source', 'module', 'import', 'default']

const mutation: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**', 'test/**/*.slow.test.ts'],
    setupFiles: ['test/load-later-parts.ts'],
    isolate: false,
    testTimeout: 20_000,
  },
})

export default mutation
