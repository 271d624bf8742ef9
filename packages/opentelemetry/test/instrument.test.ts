import { channel } from 'node:diagnostics_channel'
import { type Client, createClient } from '@nightlatch/core'
import { type StandardEmulator, standardEmulation, startEmulator } from '@nightlatch/testing'
import { metrics, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import { instrument } from '../src/index.ts'
import { type Sdk, startSdk } from './sdk.ts'

function connect({ tokenEndpoint, credentials }: StandardEmulator): Client {
  return createClient({ name: 'acme', tokenEndpoint }, { credentials })
}

/** How many grants were exported as spans, and how many were measured. */
async function exported(sdk: Sdk): Promise<readonly [spans: number, grants: number]> {
  await sdk.flush()
  const duration = sdk.receiver.metrics().find(({ name }) => name === 'nightlatch.grant.duration')
  const grants = (duration?.points ?? []).reduce((sum, { count = 0 }) => sum + count, 0)
  return [sdk.receiver.spans().length, grants]
}

describe('instrument', () => {
  it('uses the global providers', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    metrics.setGlobalMeterProvider(sdk.meterProvider)
    const undo = instrument()
    await connect(emulator).token()
    undo()
    metrics.disable()
    expect(await exported(sdk)).toEqual([1, 1])
  })

  it('has no effect if called again for the same providers, until the last call is undone', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    const undoOne = instrument(sdk)
    const undoTwo = instrument({ meterProvider: sdk.meterProvider })
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([1, 1])
    undoOne()
    undoOne()
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([2, 2])
    undoTwo()
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([2, 2])
    instrument(sdk)()
    const undoThree = instrument(sdk)
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([3, 3])
    undoThree()
  })

  it('creates one span for a grant if called before and after the global provider is set', async () => {
    await using sdk = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const undo = [instrument({ meterProvider: sdk.meterProvider })]
    trace.setGlobalTracerProvider(sdk.tracerProvider)
    undo.push(instrument({ meterProvider: sdk.meterProvider }), instrument(sdk))
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([1, 1])
    undo[0]?.()
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([2, 2])
    for (const each of undo) each()
    await connect(emulator).token()
    expect(await exported(sdk)).toEqual([2, 2])
  })

  it('leaves no subscribers behind', async () => {
    await using sdk = await startSdk()
    const undo = instrument(sdk)
    const names = [
      'nightlatch:event',
      ...['grant', 'store', 'discovery'].flatMap((name) =>
        ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((stage) => `tracing:nightlatch:${name}:${stage}`),
      ),
    ]
    expect(names.filter((name) => channel(name).hasSubscribers).length).toBeGreaterThan(4)
    undo()
    expect(names.filter((name) => channel(name).hasSubscribers)).toEqual([])
  })

  it('supports two sets of providers at once', async () => {
    await using one = await startSdk()
    await using two = await startSdk()
    await using emulator = await startEmulator(standardEmulation())
    const undo = [instrument(one), instrument(two)]
    await connect(emulator).token()
    for (const each of undo) each()
    expect(await exported(one)).toEqual([1, 1])
    expect(await exported(two)).toEqual([1, 1])
  })
})
