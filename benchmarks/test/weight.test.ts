import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { installedWith } from '../src/installed-packages.ts'
import { weigh } from '../src/weigh.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'installed-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function install(place: string, manifest: object): void {
  mkdirSync(join(folder, place), { recursive: true })
  writeFileSync(join(folder, place, 'package.json'), JSON.stringify(manifest))
}

it('counts a package and its dependencies, each once', () => {
  install('node_modules/a', {
    name: 'a',
    version: '1.0.0',
    dependencies: { b: '*', c: '*' },
    optionalDependencies: { missing: '*' },
    peerDependencies: { d: '*', e: '*' },
    peerDependenciesMeta: { e: { optional: true } },
  })
  install('node_modules/b', { name: 'b', version: '1.0.0', dependencies: { c: '*', a: '*' } })
  install('node_modules/a/node_modules/c', { name: 'c', version: '2.0.0' })
  install('node_modules/c', { name: 'c', version: '1.0.0' })
  install('node_modules/d', { name: 'd', version: '1.0.0' })
  install('node_modules/e', { name: 'e', version: '1.0.0' })
  expect([...installedWith(['a'], folder)].sort()).toEqual(['a@1.0.0', 'b@1.0.0', 'c@1.0.0', 'c@2.0.0', 'd@1.0.0'])
})

it('throws if a package is not installed', () => {
  expect(() => installedWith(['nothing-of-that-name'], folder)).toThrow('nothing-of-that-name is not installed')
})

it('measures used code, with dynamic imports separately', async () => {
  const small = await weigh(`export const x = 1`)
  const whole = await weigh(`export { default } from 'ky'`)
  const later = await weigh(`export const load = () => import('ky')`)
  expect(small.later).toBe(0)
  expect(whole.atOnce).toBeGreaterThan(small.atOnce + 1000)
  expect(later.atOnce).toBeLessThan(whole.atOnce / 2)
  expect(later.later).toBeGreaterThan(1000)
})
