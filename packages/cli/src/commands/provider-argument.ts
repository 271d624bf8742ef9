import { presetNames } from '../preset-providers.ts'
import { knownProviders } from '../providers.ts'

/** Lists the values of the argument `<provider>` for the help of a command. */
export function describeProviders(): string {
  const builtIn = knownProviders.map(({ name, title }) => `${name} (${title})`)
  return [...builtIn, ...presetNames].join(', ')
}
