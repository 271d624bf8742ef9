/** Writes the page and the pictures again from the results that are kept: `node src/redraw.ts`, after a change of the drawing. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetReport } from './fleet/days.ts'
import { fleetPictures } from './fleet/draw.ts'
import { fillPage } from './page.ts'
import { pictures } from './pictures.ts'
import type { Results } from './results.ts'

const repository = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

const results: Results = JSON.parse(read('benchmarks/results.json'))
const report: FleetReport = JSON.parse(read('benchmarks/fleet.json'))
const page = 'docs/benchmark-results.md'
writeFileSync(join(repository, page), fillPage(read(page), results))
for (const [name, svg] of Object.entries({ ...pictures(results), ...fleetPictures(report) })) {
  writeFileSync(join(repository, 'docs', name), svg)
}
