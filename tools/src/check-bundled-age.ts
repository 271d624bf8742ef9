/** Fails if a package that is built into ours has been outdated for 30 days. Asks the registry for each built-in package. */
import { join } from 'node:path'
import { findOverdue } from './bundled-age.ts'
import { policies } from './package-policy.ts'
import { productionTree } from './production-tree.ts'
import { publishedPackages, root } from './read-repository.ts'
import { runCommand } from './run-command.ts'

const builtIn = new Map(
  publishedPackages()
    .flatMap(({ slug, folder }) => productionTree(policies[slug]?.bundled ?? [], join(root, folder), []))
    .map(({ name, version }) => [`${name}@${version}`, { name, version }]),
)
const overdue = [...builtIn.values()].flatMap(({ name, version }) => {
  const { hasFailed, output } = runCommand('npm', ['view', name, 'time', '--json'], root)
  if (hasFailed) return [`${name}: the registry did not answer: ${output}`]
  return findOverdue(name, version, JSON.parse(output) as Record<string, string>, Date.now()) ?? []
})
process.stdout.write(`${[...builtIn.keys()].join(', ')}\n`)
if (overdue.length > 0) {
  process.stderr.write(`${overdue.join('\n')}\n`)
  process.exitCode = 1
}
