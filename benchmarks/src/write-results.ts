import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillPage } from './page.ts'
import { pictures } from './pictures.ts'
import type { Results } from './results.ts'

const repository = join(import.meta.dirname, '../..')

/**
 * Writes results, their page and their pictures.
 *
 * @param resultsFolder default: where the repository keeps them
 * @param pageFolder default: the folder of the documentation
 */
export function writeResults(
  results: Results,
  resultsFolder: string = join(repository, 'benchmarks'),
  pageFolder: string = join(repository, 'docs'),
): void {
  mkdirSync(resultsFolder, { recursive: true })
  mkdirSync(pageFolder, { recursive: true })
  const page = readFileSync(join(repository, 'docs/benchmark-results.md'), 'utf8')
  writeFileSync(join(resultsFolder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(join(pageFolder, 'benchmark-results.md'), fillPage(page, results))
  for (const [name, svg] of Object.entries(pictures(results))) writeFileSync(join(pageFolder, name), svg)
}
