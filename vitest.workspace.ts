import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages are tested from their sources: the private export condition `@nightlatch/source` needs no build first. The other
// conditions are those of Node. `module` is not one of them: by it, packages show bundlers what Node cannot load.
const conditions = ['@nightlatch/source', 'node', 'import', 'default']

const tests = 'test/**/*.test.ts'
const slowTests = 'test/**/*.slow.test.ts'

interface TestFiles {
  readonly include: readonly string[]
  readonly exclude?: readonly string[]
}

const projectIn = (root: string, name: string, { include, exclude = [] }: TestFiles): ViteUserConfig => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    name,
    root,
    include: [...include],
    exclude: [...exclude],
    setupFiles: root === 'packages/core' ? [join(import.meta.dirname, root, 'test/load-later-parts.ts')] : [],
    // Files of one worker share their imports, which otherwise take half of the processor's time. Those of the core and of the
    // command line do not: they fake timers, mock modules and watch channels of the whole process.
    isolate: ['packages/core', 'packages/cli'].includes(root),
    // The timeouts end a test that hangs. They judge nothing, so they are as long as a busy machine may need.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})

const foldersOf = (manifests: string): readonly string[] =>
  globSync(manifests, { cwd: import.meta.dirname })
    .sort()
    .map(dirname)

const hasSlowTests = (root: string): boolean => globSync(join(import.meta.dirname, root, slowTests)).length > 0

const packages = foldersOf('packages/*/package.json')
const beside = foldersOf('{examples/*,benchmarks,docs,tools}/package.json')

const workspace: ViteUserConfig = defineConfig({
  test: {
    // A line for each file also where the output is no terminal: the reporter that Vitest picks for some of them prints failures alone.
    reporters: process.env.GITHUB_ACTIONS === 'true' ? ['default', 'github-actions'] : ['default'],
    // Many tests wait for a server or a clock: two workers have something to do also on one core.
    maxWorkers: 2 * availableParallelism(),
    // `pnpm test` leaves out each project named `all:`, and `pnpm test:all` runs everything.
    projects: [
      ...packages.map((root) => projectIn(root, basename(root), { include: [tests], exclude: [slowTests] })),
      ...packages
        .filter(hasSlowTests)
        .map((root) => projectIn(root, `all:${basename(root)}`, { include: [slowTests] })),
      ...beside.map((root) => projectIn(root, `all:${root}`, { include: [tests] })),
    ],
  },
})

export default workspace
