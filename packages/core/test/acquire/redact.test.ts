import { describe, expect, it } from 'vitest'
import { redact } from '../../src/acquire/redact.ts'

describe('redact', () => {
  it('X1: every occurrence of every secret is removed', () => {
    expect(redact('a s3cret, b t0ken, s3cret again', ['s3cret', 't0ken'])).toBe(
      'a [redacted], b [redacted], [redacted] again',
    )
  })

  it('X1: a secret is not used as a pattern', () => {
    expect(redact('wrong: .*+?^$()|[]{}\\ or abcd', ['.*+?^$()|[]{}\\'])).toBe('wrong: [redacted] or abcd')
    expect(redact('say $& or $1', ['nothing'])).toBe('say $& or $1')
  })

  it('X1: one line, whatever the line breaks', () => {
    expect(redact('a\r\nb\tc\u0000d\u001b[2Je\u0085f', [])).toBe('a b c d [2Je f')
    expect(redact('a\u2028b\u2029c', [])).toBe('a b c')
  })

  it('X1: no space around it, and a cut text says so', () => {
    expect(redact('\n a \n', [])).toBe('a')
    expect(redact('x'.repeat(2000), [])).toBe('x'.repeat(2000))
    expect(redact('x'.repeat(2001), [])).toBe(`${'x'.repeat(2000)} [cut: 2000 of 2001 characters]`)
    expect(redact(`${' '.repeat(3999)}x`, [])).toBe('x')
    expect(redact(`${' '.repeat(4000)}x`, [])).toBe('[cut: 2000 of 4001 characters]')
  })

  it('X1: a long text is cut after its secrets are removed', () => {
    const shown = redact(`${'x'.repeat(1995)}s3cret-that-is-cut`, ['s3cret-that-is-cut'])
    expect(shown).not.toContain('s3c')
    expect(redact('x'.repeat(10_000), []).length).toBeLessThan(2100)
  })
})
