import { expect, it } from 'vitest'
import { findOverdue } from '../src/bundled-age.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 30)
const ago = (days: number): string => new Date(now - days * day).toISOString()

it.each([
  ['the newest version', '6.8.4', { '6.8.4': ago(400), '6.8.3': ago(500) }, undefined],
  ['a newer version of today', '6.8.4', { '6.8.4': ago(400), '6.8.5': ago(0) }, undefined],
  ['a newer version of 30 days', '6.8.4', { '6.8.4': ago(400), '6.8.5': ago(30) }, undefined],
  [
    'a newer version of 31 days',
    '6.8.4',
    { '6.8.4': ago(400), '6.8.5': ago(31) },
    /6\.8\.5 has been there for 31 days/,
  ],
  ['a newer minor version', '6.8.4', { '6.8.4': ago(400), '6.10.0': ago(31) }, /6\.10\.0/],
  ['a newer major version', '6.8.4', { '6.8.4': ago(400), '10.0.0': ago(31) }, /10\.0\.0/],
  ['a later fix of an older version', '6.8.4', { '6.8.4': ago(400), '5.9.9': ago(31) }, undefined],
  ['a prerelease', '6.8.4', { '6.8.4': ago(400), '7.0.0-beta.1': ago(90) }, undefined],
  [
    'the entries of the registry itself',
    '6.8.4',
    { '6.8.4': ago(400), created: ago(900), modified: ago(90) },
    undefined,
  ],
  ['a version that the registry does not know', '6.8.4', { '6.8.3': ago(400) }, /has no version 6\.8\.4/],
])('judges %s', (_, version, times, overdue) => {
  const found = findOverdue('a', version, times, now)
  if (overdue === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(overdue)
})
