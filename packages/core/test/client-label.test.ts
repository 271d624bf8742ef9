import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { labelOfTenant, labelSchema } from '../src/client-label.ts'

describe('labelSchema', () => {
  it.each(['a', 'tenant 7', 'Zürich', '\u{1f511}', 'x'.repeat(200)])('accepts %j', (label) => {
    expect(v.safeParse(labelSchema, label).success).toBe(true)
  })

  it.each([
    [7, 'must be a string'],
    ['', 'must not be empty'],
    ['x'.repeat(201), 'must be at most 200 characters'],
    ['a\nb', 'must not have a line break or another control character'],
    ['a\u{200b}b', 'must not have a line break or another control character'],
    ['a\u{2028}b', 'must not have a line break or another control character'],
  ])('rejects %j', (label, message) => {
    expect(v.safeParse(labelSchema, label).issues?.map((issue) => issue.message)).toEqual([message])
  })
})

describe('labelOfTenant', () => {
  it.each([
    ['acme', 'acme'],
    ['a\r\nb\u{200b}c\u{2028}d', 'a  b c d'],
    ['\u{1f511}', '\u{1f511}'],
    ['x'.repeat(300), 'x'.repeat(200)],
    // The cut falls into a pair of surrogates, and its first half alone is unprintable.
    [`${'x'.repeat(199)}\u{1f511}`, `${'x'.repeat(199)} `],
  ])('turns %j into a valid label', (tenant, label) => {
    expect(labelOfTenant(tenant)).toBe(label)
    expect(v.safeParse(labelSchema, label).success).toBe(true)
  })
})
