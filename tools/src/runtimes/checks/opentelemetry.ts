/** Checks of `@nightlatch/opentelemetry`, for runtimes with `node:diagnostics_channel`. */
import { createClient } from '@nightlatch/core'
import { instrument } from '@nightlatch/opentelemetry'
import { type Attributes, type MeterProvider, type TracerProvider, trace } from '@opentelemetry/api'
import { expectEqual, offered, type RuntimeCheck } from './runtime-check.ts'

/** Providers that record the names of spans and metrics. */
function recordingProviders(): { readonly notes: string[]; readonly providers: object } {
  const notes: string[] = []
  // No-op spans of OpenTelemetry whose end is recorded.
  const noopTracer = trace.getTracer('noop')
  const tracerProvider = {
    getTracer: () => ({
      startSpan(name: string) {
        const span = noopTracer.startSpan(name)
        return Object.assign(Object.create(span), { end: () => notes.push(`span ${name}`) })
      },
    }),
  } as unknown as TracerProvider
  const counted = (name: string): object => {
    const note = (_value: number, { 'nightlatch.token.source': source }: Attributes): void =>
      void notes.push(source === undefined ? name : `${name} ${source}`)
    return { add: note, record: note }
  }
  const meterProvider = {
    getMeter: () => ({ createCounter: counted, createHistogram: counted }),
  } as unknown as MeterProvider
  return { notes, providers: { tracerProvider, meterProvider } }
}

export const checks: readonly RuntimeCheck[] = [
  {
    name: 'clients emit spans and metrics, until undone',
    async run(emulatorServer) {
      const emulator = await emulatorServer.emulator('standard')
      const { notes, providers } = recordingProviders()
      const provider = { name: 'acme', tokenEndpoint: offered(emulator, 'tokenEndpoint') }
      const client = createClient(provider, { credentials: emulator.credentials, timeout: 60 })
      const undo = instrument(providers)
      await client.token()
      await client.token()
      expectEqual(
        notes.toSorted(),
        [
          'nightlatch.grant.duration',
          'nightlatch.token.remaining',
          'nightlatch.token.remaining',
          'nightlatch.token.served grant',
          'nightlatch.token.served memory',
          'span nightlatch.grant acme',
        ],
        'what was seen',
      )
      undo()
      await client.forget()
      await client.token()
      expectEqual(notes.length, 6, 'what was seen after the end')
      await client.close()
    },
  },
]
