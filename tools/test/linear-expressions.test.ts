import { describe, expect, it } from 'vitest'
import { findNonlinearity } from '../src/linear-expression.ts'
import { filesIn, publishedPackages, readText } from '../src/read-repository.ts'
import { everyNode, parseModule } from '../src/syntax.ts'

const files = publishedPackages().flatMap(({ folder }) =>
  filesIn(`${folder}/src`, '**/*.ts').map((file) => `${folder}/src/${file}`),
)

describe('X3: no expression for external text can backtrack', () => {
  it.each(files)('%s', (file) => {
    const nodes = [...everyNode(parseModule(file, readText(file)))]
    const literals = nodes.flatMap(({ regex }) =>
      regex === undefined ? [] : [regex as { pattern: string; flags: string }],
    )
    const found = literals.flatMap(({ pattern, flags }) => {
      const why = findNonlinearity(pattern, flags)
      return why === undefined ? [] : [`/${pattern}/${flags}: ${why}`]
    })
    expect(found).toEqual([])
    // An expression that is put together at run time cannot be read here; emulations make theirs of their own paths.
    if (file.startsWith('packages/testing/')) return
    const isMade = ({ type, callee }: (typeof nodes)[number]): boolean =>
      (type === 'NewExpression' || type === 'CallExpression') && (callee as { name?: unknown }).name === 'RegExp'
    expect(nodes.filter(isMade)).toEqual([])
  })
})

describe('the proof of an expression', () => {
  it.each([
    [/^[\x21-\x7e]+$/, 'anchored, one class'],
    [/[\s]+/g, 'not anchored, nothing behind it'],
    [/ab?c{2,5}[d]*/, 'a bounded begin'],
    [/^\[|\]$/g, 'no repetition at all'],
    [/^(?:a|b\d+)$/, 'one in a group that is there once'],
    [/^a+|b+/, 'one in each alternative'],
    [/(?<=[a-z])(?=[A-Z])/g, 'what it only looks at'],
    [/\p{L}\u{41}[)\]*+]\(\*/u, 'escapes and classes'],
    [/^(?<name>x)(\.\d+)?$/, 'a group with a name'],
  ])('%s: %s', ({ source, flags }) => {
    expect(findNonlinearity(source, flags)).toBeUndefined()
  })

  it.each([
    [/\/+$/, 'not anchored'],
    [/a*b/, 'not anchored'],
    [/x|a*b/, 'not anchored'],
    [/(a*)b/, 'not anchored'],
    [/^a+$/m, 'not anchored'],
    [/^(?:[\w.-]+=[^&\s<]*&)*(?:access_token|error)=[^\s<]*$/, 'a group is repeated'],
    [/^(a+){2}$/, 'a group is repeated'],
    [/^(a|b){2,}$/, 'a group is repeated'],
    [/^(?:a?)*?$/, 'a group is repeated'],
    [/^a+a+$/, 'more than one'],
    [/^(a*)(?=b*)/, 'more than one'],
    [/(a)\1/, 'backreference'],
    [/(?<x>a)\k<x>/, 'backreference'],
  ])('%s is refused: %s', ({ source, flags }, why) => {
    expect(findNonlinearity(source, flags)).toContain(why)
  })
})
