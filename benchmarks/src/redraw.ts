/**
 * Writes the page and the pictures again from the results that are kept: `node src/redraw.ts`, after a change of the drawing or
 * of an aim. The kept results then have the new aim, too.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetReport } from './fleet/days.ts'
import { fleetPictures } from './fleet/draw.ts'
import type { Results } from './results.ts'
import { rows } from './rows.ts'
import { writeResults } from './write-results.ts'

const repository = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')

const kept: Results = JSON.parse(read('benchmarks/results.json'))
// Aims may change without a new run; what was measured may not.
const results: Results = {
  ...kept,
  rows: kept.rows.map((row) => ({
    ...row,
    metrics: rows.find(({ name }) => name === row.name)?.metrics ?? row.metrics,
  })),
}
const report: FleetReport = JSON.parse(read('benchmarks/fleet.json'))
writeResults(results)
for (const [name, svg] of Object.entries(fleetPictures(report))) writeFileSync(join(repository, 'docs', name), svg)
