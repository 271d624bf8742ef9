import { nameOfFlag } from './settings.ts'
import type { Target } from './target.ts'

/** Client authentications in code, and their values for `--client-authentication`. */
const authentications: readonly (readonly [code: RegExp, method: string])[] = [
  [/clientSecretBasic\(\{ encoding: 'raw' \}\)/g, 'basic-raw'],
  [/clientSecretBasic\((?:\{ encoding: 'form' \})?\)/g, 'basic-form'],
  [/clientSecretPost\(\)/g, 'post'],
]

/**
 * Replaces option names in a provider's hint with the flags that a user can type. A client of the configuration file has
 * no flags, so its hints stay as they are.
 */
export function inFlags(hint: string, { settings, configured }: Target): string {
  if (configured !== undefined) return hint
  let said = hint
  const flagOf = (name: string): string | undefined => {
    const setting = settings.find((known) => known.name === name)
    return setting && nameOfFlag(setting.flag)
  }
  const authentication = flagOf('clientAuthentication')
  if (authentication !== undefined) {
    said = said.replaceAll('clientAuthentication: clientSecret', 'clientSecret')
    for (const [code, method] of authentications) said = said.replace(code, `${authentication} ${method}`)
  }
  const scope = flagOf('scope')
  if (scope !== undefined) said = said.replace(/scopes: \['([^']{1,200})'\]/g, `${scope} '$1'`)
  const origins = flagOf('apiOrigin')
  if (origins !== undefined) said = said.replace(/`?apiOrigins`?/g, origins)
  return said.replace(/[\w-]+/g, (word) => {
    const [name = ''] = word.split('-')
    // Names of one word are also English words.
    const flag = /[A-Z]/.test(name) ? flagOf(name) : undefined
    return flag === undefined ? word : `${flag}${word.slice(name.length)}`
  })
}
