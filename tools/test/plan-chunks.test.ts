import { describe, expect, it } from 'vitest'
import { planChunks } from '../src/plan-chunks.ts'

/** Modules with what they import, and after a bar what they import dynamically. */
function plan(modules: Readonly<Record<string, string>>, entries: readonly string[] = ['/src/index.ts']) {
  const split = (text = ''): string[] => text.split(' ').filter((id) => id !== '')
  const planned = planChunks(entries, (id) => {
    const imports = modules[id]
    if (imports === undefined) return null
    const [importedIds, dynamicallyImportedIds] = imports.split('|').map(split)
    return { importedIds: importedIds ?? [], dynamicallyImportedIds: dynamicallyImportedIds ?? [] }
  })
  return Object.fromEntries(planned)
}

describe('planChunks', () => {
  it('plans nothing without dynamic imports', () => {
    expect(plan({ '/src/index.ts': 'a', a: '' })).toEqual({})
  })

  it('puts what is imported statically into one file, and leaves the entry alone', () => {
    expect(plan({ '/src/index.ts': 'a', a: 'b|/src/later.ts', b: 'a', '/src/later.ts': 'b c', c: '' })).toEqual({
      a: 'main',
      b: 'main',
      '/src/later.ts': 'later',
      c: 'later',
    })
  })

  it('leaves JSON with the entry that imports it', () => {
    const modules = { '/src/bin.ts': '/package.json|/src/run.ts', '/package.json': '', '/src/run.ts': '' }
    expect(plan(modules, ['/src/bin.ts'])).toEqual({ '/src/run.ts': 'run' })
  })

  it('gives what two dynamic imports share to the larger one', () => {
    const modules = {
      '/src/index.ts': '|/src/small.ts /src/large.ts',
      '/src/small.ts': 'shared',
      '/src/large.ts': 'shared other',
      shared: '',
      other: '',
    }
    expect(plan(modules)).toEqual({
      '/src/large.ts': 'large',
      shared: 'large',
      other: 'large',
      '/src/small.ts': 'small',
    })
  })

  it('keeps a dynamic import apart from a larger one that imports it statically', () => {
    const modules = {
      '/src/index.ts': '|/src/large.ts /src/small.ts',
      '/src/large.ts': '/src/small.ts other',
      '/src/small.ts': 'shared',
      shared: '',
      other: '',
    }
    expect(plan(modules)).toEqual({
      '/src/small.ts': 'small',
      shared: 'small',
      '/src/large.ts': 'large',
      other: 'large',
    })
  })

  it('follows dynamic imports of dynamic imports, and leaves external modules out', () => {
    const modules = { '/src/index.ts': '|/src/a.ts jose', '/src/a.ts': 'ky|/src/b.ts', '/src/b.ts': '' }
    expect(plan(modules)).toEqual({ '/src/a.ts': 'a', '/src/b.ts': 'b' })
  })
})
