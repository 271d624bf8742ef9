import { findUnknownOptions, NightlatchError } from '@nightlatch/core'
import type { OptionDescription } from './option-descriptions.ts'

/**
 * Checks a provider's options against their descriptions.
 *
 * @param provider the provider's name, for messages
 * @returns the options, unchanged; an empty object for `undefined`
 * @throws NightlatchError `invalid_options` for an unknown, missing or invalid option
 */
export function checkOptions<Options extends object>(
  provider: string,
  options: Options | undefined,
  descriptions: { readonly [Name in keyof Options]-?: OptionDescription },
): Options {
  const given: unknown = options ?? {}
  const mistakes = findMistakes(given, descriptions)
  if (mistakes.length === 0) return given as Options
  throw new NightlatchError('invalid_options', `${provider}: ${mistakes.join(' ')}`, { provider })
}

function findMistakes(given: unknown, descriptions: Readonly<Record<string, OptionDescription>>): readonly string[] {
  if (typeof given !== 'object' || given === null) return ['The options must be an object.']
  const values = new Map<string, unknown>(Object.entries(given))
  return [
    ...findUnknownOptions(given, Object.keys(descriptions)),
    ...Object.entries(descriptions).flatMap(([name, option]) => findMistake(name, values.get(name), option)),
  ]
}

function findMistake(
  name: string,
  value: unknown,
  { type, required, choices, description }: OptionDescription,
): string[] {
  if (value === undefined) return required ? [`The option \`${name}\` is required: ${description}.`] : []
  if (choices !== undefined) {
    return choices.includes(value as string) ? [] : [`${name} must be one of ${choices.join(', ')}.`]
  }
  return acceptedBy[type](value) ? [] : [`${name} must be ${wordsFor[type]}.`]
}

const acceptedBy: Readonly<Record<OptionDescription['type'], (value: unknown) => boolean>> = {
  string: isText,
  strings: (value) => Array.isArray(value) && value.every(isText),
  url: isUrl,
  boolean: (value) => typeof value === 'boolean',
}

const wordsFor: Readonly<Record<OptionDescription['type'], string>> = {
  string: 'a string that is not empty',
  strings: 'an array of strings that are not empty',
  url: 'an absolute http or https URL without a query',
  boolean: 'true or false',
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== ''
}

function isUrl(value: unknown): boolean {
  const url = value instanceof URL || typeof value === 'string' ? URL.parse(value) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
}
