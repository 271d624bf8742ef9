import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// What Stryker runs for each mutant: the same tests from the same sources as vitest.workspace.ts, without the slow ones.
const conditions = ['@nightlatch/source', 'module', 'import', 'default']

/** The file that noticed the mutant before first, because the next mutant is mostly in the same code; then short files before long ones. */
class LikelyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const longFirst = await super.sort(files)
    const failed = longFirst.filter((file) => this.ctx.cache.getTestSpecificationResult(file)?.failed)
    return [...failed, ...longFirst.filter((file) => !failed.includes(file)).reverse()]
  }
}

const mutation: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**', 'test/**/*.slow.test.ts'],
    setupFiles: ['test/load-later-parts.ts'],
    isolate: false,
    testTimeout: 10_000,
    sequence: { sequencer: LikelyFirst },
  },
})

export default mutation
