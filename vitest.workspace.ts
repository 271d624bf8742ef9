import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages are tested from their sources: the private export condition `@nightlatch/source` needs no build first. The others are Node's own:
// by `module`, which it does not know, packages show bundlers what Node cannot load.
const conditions = ['@nightlatch/source', 'node', 'import', 'default']

const projectIn = (root: string): ViteUserConfig => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { name: basename(root), root, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
})

const manifests = globSync(['{packages,examples}/*/package.json', '{benchmarks,docs,tools}/package.json'], {
  cwd: import.meta.dirname,
})

const workspace: ViteUserConfig = defineConfig({
  // Many tests wait for a server or a clock: one worker more than by default has something to do meanwhile.
  test: {
    maxWorkers: Math.max(2, availableParallelism()),
    projects: manifests.sort().map((manifest) => projectIn(dirname(manifest))),
  },
})

export default workspace
