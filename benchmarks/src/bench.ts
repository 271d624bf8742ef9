/**
 * Runs the benchmark: `node src/bench.ts [--only row]... [--rounds n] [--quick] [--json] [--output folder]`.
 *
 * A full run writes its results to the page and the pictures of the documentation. With `--only`, `--rounds` or `--quick` it
 * only prints them, or writes them to the folder of `--output`.
 */
import { parseArgs } from 'node:util'
import { aims } from './aims.ts'
import { rows } from './rows.ts'
import { run } from './run.ts'
import { printTable, tableOf } from './table.ts'
import { writeResults } from './write-results.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    output: { type: 'string' },
  },
})
const { only, quick: isQuick, json, output } = values
const rounds = values.rounds === undefined ? undefined : readRounds(values.rounds)
const chosen = only === undefined ? rows : rows.filter(({ name }) => only.some((start) => name.startsWith(start)))
if (chosen.length === 0) {
  process.stderr.write(`Unknown row. The rows are: ${rows.map(({ name }) => name).join(', ')}\n`)
  process.exit(2)
}
const out = json ? process.stderr : process.stdout

const results = await run({
  rows: chosen,
  isQuick,
  rounds,
  nodeOptions: process.execArgv.filter((option) => option.startsWith('--conditions=')),
  onRow(result, seconds) {
    const lines = [
      result.title.replaceAll('`', ''),
      result.missing ?? printTable(tableOf(result)),
      aims(result),
      `(${result.name}, ${seconds.toFixed(0)} s)`,
    ]
    out.write(`\n${lines.filter((line) => line !== '').join('\n')}\n`)
  },
})
if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)

const isWhole = only === undefined && rounds === undefined && !isQuick
if (output !== undefined) writeResults(results, output, output)
else if (isWhole) writeResults(results)

function readRounds(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds > 0) return rounds
  process.stderr.write('--rounds must be a whole number of at least 1.\n')
  return process.exit(2)
}
