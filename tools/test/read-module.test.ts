import { describe, expect, it } from 'vitest'
import { readModule } from '../src/read-module.ts'

describe('reading a module', () => {
  it('finds every import, of types and by expressions too', () => {
    const text = `
      import { a } from 'a'
      import type { B } from 'b'
      import 'c'
      export { d } from 'd'
      export type { E } from 'e'
      export * from 'f'
      const g = await import('g')
      type H = import('h').H
      const no = 'import { i } from "i"' // import 'j'`
    expect(readModule('file.ts', text).imports).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
  })

  it('reads declarations and built modules', () => {
    expect(readModule('index.d.ts', `export declare const a: import('b').B`).imports).toEqual(['b'])
    expect(readModule('index.js', `import { a } from 'b'; export { a }`)).toMatchObject({
      imports: ['b'],
      values: ['a'],
    })
  })

  it('distinguishes exported values and types', () => {
    const text = `
      export { a, type B } from './a.ts'
      export type { C } from './c.ts'
      export interface D {}
      export type E = string
      export class F {}
      export function g(): void {}
      export const h = 1, i = 2`
    expect(readModule('file.ts', text)).toMatchObject({
      values: ['a', 'F', 'g', 'h', 'i'],
      types: ['B', 'C', 'D', 'E'],
    })
  })

  it('detects default and star exports', () => {
    expect(readModule('file.ts', `export * from 'a'`)).toMatchObject({ hasStarExport: true, hasDefaultExport: false })
    expect(readModule('file.ts', 'export default 1')).toMatchObject({ hasStarExport: false, hasDefaultExport: true })
    expect(readModule('file.ts', 'const a = 1; export { a as default }').hasDefaultExport).toBe(true)
  })

  it('finds mutable state only at the top level', () => {
    const text = `
      let a = 1
      export let b = 2
      const c = new Map()
      export const d: Set<string> = new Set()
      const e = new WeakMap<object, string>()
      const f: ReadonlyMap<string, string> = new Map([['a', 'b']])
      const g = /x/
      function h(): void { let i = 1; const j = new Map() }`
    expect(readModule('file.ts', text).state).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('distinguishes identifiers from labels, text and comments', () => {
    const text = `
      // console
      const a = { process: 1, log: 'console' }
      a.process = 2`
    expect([...readModule('file.ts', text).identifiers].sort()).toEqual(['a'])
    expect(readModule('file.ts', 'const a = process.env').identifiers).toContain('process')
    expect(readModule('file.ts', 'const a = { console }').identifiers).toContain('console')
  })

  it('detects a module with only types', () => {
    expect(readModule('file.ts', `import type { A } from 'a'\nexport interface B extends A {}`).isTypesOnly).toBe(true)
    expect(readModule('file.ts', 'export interface B {}\nexport const b = 1').isTypesOnly).toBe(false)
  })
})
