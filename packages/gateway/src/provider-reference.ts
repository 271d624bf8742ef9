import {
  type ClientAuthentication,
  clientSecretBasic,
  clientSecretJwt,
  clientSecretPost,
  NightlatchError,
  none,
  type Provider,
  privateKeyJwt,
} from '@nightlatch/core'
import { smartApi, smartCompletions } from '@nightlatch/hexagon'
import { prevu3d } from '@nightlatch/prevu3d'
import { listPresets, loadPreset } from '@nightlatch/providers/presets'
import { describeUnknownReference, type Report } from './value-checks.ts'

/** A provider package's function. */
type Factory = (options: never) => unknown

/** The functions of the provider packages that come with the gateway, by the name for `use`. */
const factories: Readonly<Record<string, Factory>> = {
  prevu3d,
  'smart-api': smartApi,
  'smart-completions': smartCompletions,
}

/** Client authentications by name, for files that are data. Those that are registered have their registered name. */
const authentications: Readonly<Record<string, () => ClientAuthentication>> = {
  client_secret_basic: () => clientSecretBasic(),
  client_secret_basic_raw: () => clientSecretBasic({ encoding: 'raw' }),
  client_secret_post: () => clientSecretPost(),
  client_secret_jwt: () => clientSecretJwt(),
  private_key_jwt: () => privateKeyJwt(),
  none: () => none(),
}

/**
 * Makes the provider that a configuration describes: by a function's name in `use`, or by the fields of a provider.
 *
 * @param described an object
 * @param path the provider's place in the configuration
 * @param report receives what is wrong with `use` and with the function's options; fields are checked by the core
 * @returns `undefined` if there is a mistake
 */
export async function resolveProvider(
  described: Readonly<Record<string, unknown>>,
  path: string,
  report: Report,
): Promise<Provider | undefined> {
  const { use, ...rest } = described
  const fields = resolveAuthentication(rest, path, report)
  if (fields === undefined) return undefined
  if (use === undefined) return fields as unknown as Provider
  const name = String(use)
  const presets: readonly string[] = listPresets().map((preset) => preset.name)
  const factory = Object.hasOwn(factories, name)
    ? factories[name]
    : presets.includes(name)
      ? (await loadPreset(name)).describe
      : undefined
  if (factory === undefined) {
    const names = [...Object.keys(factories), ...presets]
    report(`${path}.use`, describeUnknownReference(`${path}.use`, 'provider', name, names))
    return undefined
  }
  try {
    return factory(fields as never) as Provider
  } catch (failure) {
    if (!(failure instanceof NightlatchError)) throw failure
    report(path, `${path}: ${failure.message.replace(/^[a-z0-9-]+: /, '')}`)
    return undefined
  }
}

/** Replaces the name of a client authentication; in a TypeScript file it may be the object itself. */
function resolveAuthentication(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const { clientAuthentication: name } = fields
  if (typeof name !== 'string') return fields
  const make = Object.hasOwn(authentications, name) ? authentications[name] : undefined
  if (make !== undefined) return { ...fields, clientAuthentication: make() }
  const place = `${path}.clientAuthentication`
  report(place, describeUnknownReference(place, 'client authentication', name, Object.keys(authentications)))
  return undefined
}
