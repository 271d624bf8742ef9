/**
 * Simulates a fleet for a day in virtual time: `node src/simulate.ts`. It writes fleet.json, the page and the pictures of the
 * documentation, which are the same on every machine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simulateDays } from './fleet/days.ts'
import { fleetPictures } from './fleet/draw.ts'
import { fillFleetPage } from './fleet/page.ts'

const repository = join(import.meta.dirname, '../..')
const pagePath = join(repository, 'docs/fleet.md')

const report = simulateDays(({ title, mean, highest }) => {
  const after = Object.entries(highest).map(([bin, parts]) => `${parts.after.toFixed(2)} (${bin} s)`)
  process.stdout.write(`${title}: ${mean}/s; the highest after the outage, in multiples of that: ${after.join(', ')}\n`)
})
writeFileSync(join(repository, 'benchmarks/fleet.json'), `${JSON.stringify(report, null, 2)}\n`)
writeFileSync(pagePath, fillFleetPage(readFileSync(pagePath, 'utf8'), report))
for (const [name, svg] of Object.entries(fleetPictures(report))) writeFileSync(join(repository, 'docs', name), svg)
