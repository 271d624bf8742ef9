import { expect, it } from 'vitest'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'

/** The rules this library promises to keep. A test that shows one begins its title with the rule's name, as in `'L4: ...'`. */
const RULES = [
  ...['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7'],
  ...['R1', 'R2', 'R3', 'R4', 'R5', 'R6'],
  ...['G8', 'G9', 'G10'],
  ...['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'L9', 'L10', 'L11', 'L12', 'L13', 'L14'],
  ...['S1', 'S2', 'S3', 'S4'],
  ...['H1', 'H2', 'H3', 'H4', 'H5', 'H6'],
  ...['P1', 'P2', 'P3', 'P4'],
  ...['X1', 'X2'],
]

it('each rule has a test that names it', () => {
  const tests = publishedPackages().flatMap(({ folder }) =>
    filesIn(folder, 'test/**/*.test.ts').map((file) => readText(`${folder}/${file}`)),
  )
  const isShown = (rule: string): boolean => {
    const title = new RegExp(`['"\`]([A-Z]\\d+, )*${rule}(, [A-Z]\\d+)*: `)
    return tests.some((text) => title.test(text))
  }
  expect(tests.length).toBeGreaterThan(0)
  expect(RULES.filter((rule) => !isShown(rule))).toEqual([])
})
