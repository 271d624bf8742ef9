import { createGateway } from '../gateway.ts'
import type { Gateway } from '../gateway-types.ts'
import { ConfigurationMistakes, type LoadedConfiguration, loadConfiguration } from '../load-configuration.ts'
import { withPassedSockets } from './passed-sockets.ts'
import type { ProgramIo } from './program-io.ts'
import { RepeatedWork } from './repeated-work.ts'
import { watchFiles } from './watch-files.ts'

/** Seconds that requests have to finish after SIGTERM. */
const drainTimeout = 30

/**
 * Runs the gateway until SIGTERM or SIGINT. SIGHUP and a change of the configuration file reload it.
 *
 * @throws ConfigurationMistakes if the configuration cannot be used at the start
 */
export async function serve(named: string | undefined, io: ProgramIo): Promise<void> {
  const { environment, folder, stdout, pid } = io
  const note = (text: string): void => void io.stderr.write(`nightlatch-gateway: ${text}\n`)
  const load = async (): Promise<LoadedConfiguration> => {
    const loaded = await loadConfiguration(named, folder, environment)
    return { ...loaded, config: withPassedSockets(loaded.config, environment, pid) }
  }
  // From here on, because a signal without a listener ends the process.
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let reload = async (): Promise<void> => undefined
  const reloads = new RepeatedWork(() => reload())
  const removers = [
    io.onSignal('SIGHUP', () => reloads.request()),
    io.onSignal('SIGTERM', stop),
    io.onSignal('SIGINT', stop),
  ]
  let stopWatching = (): void => undefined
  try {
    const first = await load()
    await using gateway = await createGateway(first.config, { audit: stdout })
    const watch = ({ watched }: LoadedConfiguration): void => {
      stopWatching()
      stopWatching = watchFiles(watched, () => reloads.request())
    }
    const announce = announcer(gateway, io)
    reload = async () => {
      try {
        const next = await load()
        await gateway.reload(next.config)
        watch(next)
        announce()
        note(`${next.file} was reloaded`)
      } catch (failure) {
        const mistakes = failure instanceof ConfigurationMistakes ? failure.mistakes : [messageOf(failure)]
        note(['the configuration was not reloaded; the one in use goes on', ...mistakes].join('\n  '))
      }
    }
    watch(first)
    announce()
    await stopped
    stopWatching()
    await reloads.finished()
    for (const remove of removers) remove()
    await gateway.close({ timeout: drainTimeout })
  } finally {
    stopWatching()
    for (const remove of removers) remove()
  }
}

/** Prints a line for each address that was not printed before. */
function announcer(gateway: Gateway, { stdout }: ProgramIo): () => void {
  let printed: readonly string[] = []
  return () => {
    const lines = gateway.addresses.map(({ listener, url, socket }) =>
      JSON.stringify({ event: 'listening', listener, ...(url === undefined ? { socket } : { url }) }),
    )
    for (const line of lines) if (!printed.includes(line)) stdout.write(`${line}\n`)
    printed = lines
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : 'unexpected failure'
}
