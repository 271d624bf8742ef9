import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Results } from '../src/results.ts'
import { rows } from '../src/rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly status: number
  readonly output: string
  readonly complaints: string
}

/** Runs the benchmark over the sources, which need no build. */
function bench(...parameters: readonly string[]): Promise<Outcome> {
  const script = join(import.meta.dirname, '../src/bench.ts')
  return new Promise((resolve) => {
    const node = [process.execPath, '--expose-gc', '--conditions=@nightlatch/source', script, ...parameters]
    const options = { maxBuffer: 2 ** 26, env: { PATH: process.env.PATH } }
    execFile(node[0] ?? '', node.slice(1), options, (failure, output, complaints) => {
      resolve({
        status: typeof failure?.code === 'number' ? failure.code : failure === null ? 0 : -1,
        output,
        complaints,
      })
    })
  })
}

describe('the benchmark', () => {
  it('runs all rows with --quick and writes the results', { timeout: 300_000 }, async () => {
    const { status, output, complaints } = await bench('--quick', '--json', '--output', folder)
    expect({ status, complaints: status === 0 ? '' : complaints }).toEqual({ status: 0, complaints: '' })
    const results = JSON.parse(output) as Results
    expect(results.rows.map(({ name }) => name)).toEqual(rows.map(({ name }) => name))
    for (const row of results.rows) {
      if (row.missing !== undefined) {
        expect(row.missing).toMatch(/^(Bun|Deno) is not installed\./)
        continue
      }
      const ours = row.peers.find(({ peer }) => peer === 'nightlatch')
      expect(Object.keys(ours?.measurements ?? {}), row.name).toEqual(row.metrics.map(({ key }) => key))
      expect(row.peers.find(({ peer }) => peer === row.baseline)?.rounds, row.name).not.toBe(0)
    }
    expect(results.versions.ky).toMatch(/^\d+\.\d+\.\d+$/)
    expect(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))).toEqual(results)
    expect(readFileSync(join(folder, 'benchmark-results.md'), 'utf8')).toContain('### A cached token, awaited, one key')
    expect(readFileSync(join(folder, 'benchmarks.svg'), 'utf8')).toMatch(/^<svg /)
  })

  it('lists the rows for an unknown one', { timeout: 120_000 }, async () => {
    const { status, complaints } = await bench('--only', 'nothing')
    expect(status).toBe(2)
    expect(complaints).toContain('token-100000')
  })

  it('rejects an invalid number of rounds', { timeout: 120_000 }, async () => {
    expect((await bench('--rounds', '0')).status).toBe(2)
  })
})
