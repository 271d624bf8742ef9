import { knownProviders } from '../providers.ts'

/** What the argument `<provider>` may be, for the help of a command. */
export function describeProviders(): string {
  return knownProviders.map(({ name, title }) => `${name} (${title})`).join(', ')
}
