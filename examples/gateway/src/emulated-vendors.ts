import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Prevu3dEmulator,
  prevu3dEmulation,
  type SmartCompletionsEmulator,
  smartCompletionsEmulation,
  startEmulator,
} from '@nightlatch/testing'
import { makeKey } from './gateway-process.ts'

/** Emulated vendors, and a folder with a configuration of the gateway for them. */
export interface Surroundings extends AsyncDisposable {
  readonly prevu3d: Prevu3dEmulator
  readonly hexagon: SmartCompletionsEmulator
  /** The folder with `gateway.config.yaml` and the secrets. */
  readonly folder: string
  /** The keys of the callers, by name. */
  readonly keys: Readonly<Record<string, string>>
  /** The text of `gateway.config.yaml`. */
  readonly configuration: string
}

/**
 * Starts the emulators, and writes the configuration and the secrets.
 *
 * @param callers the callers, each with a key
 * @param sections more of the configuration, in YAML
 */
export async function prepare(
  callers: readonly string[],
  sections: (keys: Readonly<Record<string, string>>) => string,
): Promise<Surroundings> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'))
  // Prevu3D's API has another origin than its token endpoint.
  const prevu3d = await startEmulator(prevu3dEmulation({ separateRegion: true }))
  const hexagon = await startEmulator(smartCompletionsEmulation())
  const made = await Promise.all(callers.map(async (name) => [name, await makeKey(name)] as const))
  const digests = Object.fromEntries(made.map(([name, { digest }]) => [name, digest]))
  await mkdir(join(folder, 'secrets'))
  await writeFile(join(folder, 'secrets/towers'), `${prevu3d.credentials.clientSecret}\n`)
  await writeFile(join(folder, 'secrets/plants'), `${hexagon.credentials.clientSecret}\n`)
  const configuration = `clients:
  towers:
    provider: { use: prevu3d, cloudApiUrl: ${prevu3d.url}, apiOrigins: [${prevu3d.apiOrigins.join(', ')}] }
    credentials: { clientId: ${prevu3d.credentials.clientId}, clientSecret: { file: secrets/towers } }
  plants:
    provider: { use: smart-completions, host: ${hexagon.host}, authorizationServer: ${hexagon.authorizationServer} }
    credentials: { clientId: ${hexagon.credentials.clientId}, clientSecret: { file: secrets/plants } }
${sections(digests)}`
  await writeFile(join(folder, 'gateway.config.yaml'), configuration)
  return {
    prevu3d,
    hexagon,
    folder,
    keys: Object.fromEntries(made.map(([name, { key }]) => [name, key])),
    configuration,
    async [Symbol.asyncDispose]() {
      await Promise.all([prevu3d.close(), hexagon.close()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
