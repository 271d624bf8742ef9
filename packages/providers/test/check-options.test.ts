import { describe, expect, it } from 'vitest'
import { checkOptions } from '../src/check-options.ts'
import type { OptionDescription } from '../src/option-descriptions.ts'

const descriptions = {
  tenant: { type: 'string', required: true, description: 'the directory' },
  scopes: { type: 'strings', required: false, description: 'scopes' },
  api: { type: 'url', required: false, description: 'base URL of the API' },
  sandbox: { type: 'boolean', required: false, description: 'whether to use the sandbox' },
  region: { type: 'string', required: false, choices: ['eu', 'us'], description: 'region; default eu' },
} as const satisfies Readonly<Record<string, OptionDescription>>

function check(options: unknown): unknown {
  return checkOptions('acme', options as Record<keyof typeof descriptions, unknown>, descriptions)
}

describe('checkOptions', () => {
  it('returns valid options unchanged', () => {
    const options = { tenant: 'a', scopes: ['read'], api: 'https://a.test/v1', sandbox: false, region: 'us' }
    expect(check(options)).toBe(options)
    expect(check({ tenant: 'a', api: new URL('https://a.test'), region: undefined })).toMatchObject({ tenant: 'a' })
    expect(checkOptions('acme', undefined, {})).toEqual({})
  })

  it.each<[unknown, string]>([
    [{}, 'acme: The option `tenant` is required: the directory.'],
    [undefined, 'acme: The option `tenant` is required: the directory.'],
    [null, 'acme: The option `tenant` is required: the directory.'],
    ['a', 'acme: The options must be an object.'],
    [{ tenant: 'a', tenat: 'b' }, 'acme: Unknown option `tenat`. Did you mean `tenant`?'],
    [{ tenant: '' }, 'acme: tenant must be a string that is not empty.'],
    [{ tenant: 'a', scopes: 'read' }, 'acme: scopes must be an array of strings that are not empty.'],
    [{ tenant: 'a', scopes: ['read', ''] }, 'acme: scopes must be an array of strings that are not empty.'],
    [{ tenant: 'a', api: 'a.test' }, 'acme: api must be an absolute http or https URL without a query.'],
    [{ tenant: 'a', api: 'https://a.test?key=x' }, 'acme: api must be an absolute http or https URL without a query.'],
    [{ tenant: 'a', api: 'ftp://a.test' }, 'acme: api must be an absolute http or https URL without a query.'],
    [{ tenant: 'a', sandbox: 'yes' }, 'acme: sandbox must be true or false.'],
    [{ tenant: 'a', region: 'eu1' }, 'acme: region must be one of eu, us.'],
    [
      { scopes: 1, region: 'x' },
      'acme: The option `tenant` is required: the directory. scopes must be an array of strings that are not empty. region must be one of eu, us.',
    ],
  ])('%j: %s', (options, message) => {
    expect(() => check(options)).toThrow(expect.objectContaining({ code: 'invalid_options', message }))
  })
})
