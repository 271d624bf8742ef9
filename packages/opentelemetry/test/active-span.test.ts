import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ActiveSpan } from '../src/active-span.ts'

const key = createContextKey('test')
const inner = ROOT_CONTEXT.setValue(key, 'inner')

beforeEach(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterEach(() => context.disable())

describe('the active span', () => {
  it('is active for what is run in it, as older platforms do', async () => {
    const store = new ActiveSpan()
    const seen = await store.run(
      inner,
      async (what: string) => {
        await Promise.resolve()
        return [what, context.active().getValue(key)]
      },
      'given',
    )
    expect(seen).toEqual(['given', 'inner'])
    expect(context.active()).toBe(ROOT_CONTEXT)
  })

  it('is active until its scope ends, as newer platforms do', () => {
    {
      using _scope = new ActiveSpan().withScope(inner)
      expect(context.active().getValue(key)).toBe('inner')
    }
    expect(context.active().getValue(key)).toBeUndefined()
  })
})
