import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pictures } from '../src/pictures.ts'
import type { Results } from '../src/results.ts'

const repository = join(import.meta.dirname, '../..')
const results = JSON.parse(readFileSync(join(repository, 'benchmarks/results.json'), 'utf8')) as Results

it.each(Object.entries(pictures(results)))('docs/%s is of the results that are kept', (name, svg) => {
  expect(svg).toBe(readFileSync(join(repository, 'docs', name), 'utf8'))
})

it('the picture of a few rows has four', () => {
  expect(pictures(results)['benchmarks-few.svg']?.match(/font-weight="600"/g)).toHaveLength(4)
})
