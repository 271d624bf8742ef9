import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { NightlatchError } from '../../src/errors.ts'
import { exactObject, findMistakes, refuseMistakes } from '../../src/platform/validation.ts'

const schema = exactObject(
  {
    name: v.string('must be a string'),
    deep: v.exactOptional(
      exactObject({ list: v.array(v.number('must be a number'), 'must be an array') }, 'must be an object'),
    ),
  },
  'must be an object',
)

describe('findMistakes', () => {
  it.each([
    [{ name: 'x' }, []],
    [{ name: 'x', deep: { list: [1] } }, []],
    [undefined, ['options must be an object']],
    ['MARKED', ['options must be an object']],
    [{}, ['options.name is missing']],
    [{ name: 1 }, ['options.name must be a string']],
    [{ name: 'x', deep: 'MARKED' }, ['options.deep must be an object']],
    [{ name: 'x', deep: {} }, ['options.deep.list is missing']],
    [{ name: 'x', deep: { list: 'MARKED' } }, ['options.deep.list must be an array']],
    [
      { name: 'x', deep: { list: [1, 'MARKED', 'MARKED'] } },
      ['options.deep.list.1 must be a number', 'options.deep.list.2 must be a number'],
    ],
    [{ name: 'x', nmae: 'MARKED' }, ['Unknown option `nmae`. Did you mean `name`?']],
    [{ name: 'x', extra: 'MARKED' }, ['Unknown option `extra`: remove it, or check its spelling']],
    [{ name: 'x', deep: { list: [], lists: 'MARKED' } }, ['Unknown option `deep.lists`. Did you mean `deep.list`?']],
    [
      { nam: 'MARKED', name: 1, Name: 2 },
      [
        'options.name must be a string',
        'Unknown option `nam`. Did you mean `name`?',
        'Unknown option `Name`. Did you mean `name`?',
      ],
    ],
    [{ name: 1, deep: { list: null } }, ['options.name must be a string', 'options.deep.list must be an array']],
  ])('X1: %o: %o', (value, mistakes) => {
    expect(findMistakes(schema, value, 'options')).toEqual(mistakes)
  })
})

describe('refuseMistakes', () => {
  it('puts no semicolon after a question', () => {
    expect(() => refuseMistakes(['Unknown option `a`. Did you mean `b`?', 'options.c is wrong'], undefined)).toThrow(
      'Unknown option `a`. Did you mean `b`? options.c is wrong',
    )
  })

  it('P4: no mistake, no refusal', () => {
    expect(refuseMistakes([], 'acme')).toBeUndefined()
  })

  it('P4: all of them in one error', () => {
    const refuse = (): void => refuseMistakes(['options.a is wrong', 'options.b is missing'], 'acme')
    expect(refuse).toThrow(NightlatchError)
    expect(refuse).toThrow('options.a is wrong; options.b is missing')
    expect(refuse).toThrow(expect.objectContaining({ code: 'invalid_options', provider: 'acme', retryable: false }))
  })
})
