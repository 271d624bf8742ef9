import { globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Packages are tested from their sources: the private export condition `source` needs no build first.
const conditions = ['source', 'module', 'import', 'default']

const projectIn = (root: string): ViteUserConfig => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { name: basename(root), root, include: ['test/**/*.test.ts'], testTimeout: 20_000 },
})

const manifests = globSync(['{packages,examples}/*/package.json', 'benchmarks/package.json'], {
  cwd: import.meta.dirname,
})

const workspace: ViteUserConfig = defineConfig({
  test: { projects: manifests.sort().map((manifest) => projectIn(dirname(manifest))) },
})

export default workspace
