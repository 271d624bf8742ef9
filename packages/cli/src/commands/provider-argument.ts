import { knownProviders } from '../providers.ts'

/** Lists the values of the argument `<provider>` for the help of a command. */
export function describeProviders(): string {
  return knownProviders.map(({ name, title }) => `${name} (${title})`).join(', ')
}
