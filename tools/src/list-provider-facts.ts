/** Prints the providers whose vendor's page was read more than a year ago, or before the given day; status 1 if there are any. */
import { findStalePresets } from './provider-facts.ts'

const [day = new Date().toISOString().slice(0, 10)] = process.argv.slice(2)
const stale = await findStalePresets(day)
for (const { name, facts } of stale) process.stdout.write(`${facts.checked}  ${name}  ${facts.page}\n`)
process.stdout.write(`${stale.length} of the vendors' pages were last read more than a year before ${day}\n`)
process.exitCode = stale.length === 0 ? 0 : 1
