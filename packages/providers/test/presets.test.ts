import { readdirSync, readFileSync } from 'node:fs'
import { NightlatchError } from '@nightlatch/core'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { listPresets, loadPreset } from '../src/presets.ts'
import { endpoints } from './endpoints.ts'

const presets = await Promise.all(listPresets().map(({ name }) => loadPreset(name)))
const source = (name: string): URL => new URL(`../src/${name}.ts`, import.meta.url)

/** Files of the package that describe no provider. */
const sharedModules = [
  'check-options',
  'index',
  'option-descriptions',
  'preset-modules',
  'preset-registry',
  'presets',
  'provider-facts',
]

function failureOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

describe('the registry', () => {
  it('has every provider, sorted by name', () => {
    const files = readdirSync(
      source('.')
        .href.replace(/\/\.\.ts$/, '')
        .replace('file://', ''),
    )
    const names = files.map((file) => file.replace(/\.ts$/, '')).filter((name) => !sharedModules.includes(name))
    expect(presets.map(({ name }) => name)).toEqual(names.sort())
  })

  it('loads a module only by its name, and names the nearest one', async () => {
    await expect(loadPreset('entra-ad')).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'Unknown provider `entra-ad`. Did you mean `entra-id`?',
    })
    await expect(loadPreset('constructor')).rejects.toBeInstanceOf(NightlatchError)
  })

  it('describes a provider from plain values', async () => {
    const { describe: describeProvider } = await loadPreset('entra-id')
    expect(describeProvider({ tenant: 'acme.onmicrosoft.com' })).toMatchObject({
      name: 'entra-id',
      tokenEndpoint: 'https://login.microsoftonline.com/acme.onmicrosoft.com/oauth2/v2.0/token',
    })
  })
})

describe.each(presets.map((preset) => [preset.name, preset] as const))('%s', (name, preset) => {
  it('is a subpath of the package, published and in the sources', () => {
    const built = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` }
    const exported: Readonly<Record<string, unknown>> = manifest.exports
    const published: Readonly<Record<string, unknown>> = manifest.publishConfig.exports
    expect(exported[`./${name}`]).toEqual({ '@nightlatch/source': `./src/${name}.ts`, ...built })
    expect(published[`./${name}`]).toEqual(built)
  })

  it('names its provider, and the vendor’s page with the day of its reading', () => {
    expect(endpoints.find((endpoint) => endpoint.name === name)?.provider.name).toBe(name)
    const { page, checked, answer } = preset.facts
    expect(new URL(page).protocol).toBe('https:')
    expect(new Date(checked).toISOString().slice(0, 10)).toBe(checked)
    expect(['documented', 'shape only', 'not documented']).toContain(answer)
  })

  it('requires its required options by name, and refuses an unknown one', () => {
    const required = Object.entries(preset.options).filter(([, option]) => option.required)
    const failure = failureOf(() => preset.describe({ bogus: 1 }))
    expect(failure).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(`${name}: Unknown option`),
    })
    for (const [option] of required) {
      expect(failure).toMatchObject({ message: expect.stringContaining(`The option \`${option}\` is required`) })
    }
  })

  it.each(Object.keys(preset.options))('checks its option %s', (option) => {
    expect(failureOf(() => preset.describe({ [option]: 42 }))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining(`${option} must be`),
    })
  })

  it('is a function of about twenty lines', () => {
    const [, code = ''] = readFileSync(source(name), 'utf8').split('\nexport function ')
    expect(code.split('\n').length).toBeLessThan(45)
  })
})
