/**
 * Checks the packed packages: inspects each tarball, then installs all together, uses them and measures their sizes. Requires
 * a build; prints one line for each check and exits with status 1 if one fails.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { policies } from './package-policy.ts'
import { weighPackage } from './package-sizes.ts'
import { type Check, inspectTarball, packPackage } from './packed-package.ts'
import { publishedPackages } from './read-repository.ts'
import { tryPackages } from './try-packages.ts'

const folder = mkdtempSync(join(tmpdir(), 'nightlatch-packages-'))
const checks: Check[] = []

function report(subject: string, check: Check): void {
  checks.push(check)
  const isFine = check.problems.length === 0
  process.stdout.write(`${isFine ? 'ok  ' : 'FAIL'} ${subject}: ${check.name}\n`)
  for (const problem of check.problems)
    process.stdout.write(`       ${problem.trimEnd().replace(/\n/g, '\n       ')}\n`)
}

try {
  const packed = publishedPackages().map((published) => {
    const ground = join(folder, published.slug)
    mkdirSync(ground)
    return { ...published, tarball: packPackage(published, ground), ground }
  })
  for (const { manifest, ...rest } of packed) {
    for (const check of inspectTarball({ manifest, ...rest })) report(manifest.name, check)
  }
  const project = join(folder, 'project')
  for (const check of tryPackages(packed, project)) report('all together', check)
  for (const one of packed) report(one.manifest.name, await weighPackage(one, policies[one.slug], project))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const failed = checks.filter(({ problems }) => problems.length > 0).length
process.stdout.write(`\n${checks.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
