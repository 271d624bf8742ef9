import { describe, expect, it } from 'vitest'
import { pruneDeclarations } from '../src/prune-declarations.ts'

const FILES = new Map([
  ['index.d.ts', `export { make, type Made } from "./make.js";\n`],
  [
    'make.d.ts',
    [
      `import * as v from "bundled";`,
      `import { type Part, type Unused, part } from "./part.js";`,
      `/** Stays inside. */`,
      `export declare const schema: v.Schema;`,
      `/** What is made. */`,
      `export interface Made { readonly part: Part; readonly schema: string }`,
      `export declare function make(kind: typeof part): Made;`,
      ``,
    ].join('\n'),
  ],
  [
    'part.d.ts',
    `export interface Part {}\nexport interface Unused {}\ndeclare const secret: unique symbol;\nexport declare const part: { [secret]: 1 };\n`,
  ],
  ['inside.d.ts', `export declare const inside: 1;\n`],
])

describe('declarations of a package’s exports', () => {
  const pruned = pruneDeclarations(FILES, ['index.d.ts'])

  it('omit files that no export uses', () => {
    expect([...pruned.keys()]).toEqual(['index.d.ts', 'make.d.ts', 'part.d.ts'])
  })

  it('keep exports, the types that they use, and comments', () => {
    expect(pruned.get('make.d.ts')).toBe(
      [
        `import { type Part, part } from "./part.js";`,
        `/** What is made. */`,
        `export interface Made { readonly part: Part; readonly schema: string }`,
        `export declare function make(kind: typeof part): Made;`,
        ``,
      ].join('\n'),
    )
    expect(pruned.get('part.d.ts')).toBe(
      `export interface Part {}\ndeclare const secret: unique symbol;\nexport declare const part: { [secret]: 1 };\n`,
    )
  })
})
