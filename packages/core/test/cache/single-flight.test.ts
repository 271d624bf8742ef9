import { describe, expect, it } from 'vitest'
import { type Flight, FlightQueue, type Pilot } from '../../src/cache/single-flight.ts'

/** A queue whose flights end when told. */
function createBench() {
  const flights: { flight: Flight<string>; land: (value: string) => void; crash: (failure: unknown) => void }[] = []
  let underWay = 0
  const pilot: Pilot<string> = (flight) => {
    underWay += 1
    expect(underWay).toBe(1)
    return new Promise<string>((resolve, reject) => {
      flights.push({ flight, land: resolve, crash: reject })
      flight.controller.signal.addEventListener('abort', () => reject(flight.controller.signal.reason))
    }).finally(() => {
      underWay -= 1
    })
  }
  const at = (index: number) => {
    const flight = flights[index]
    if (flight === undefined) throw new Error(`there is no flight ${index}`)
    return flight
  }
  return { queue: new FlightQueue<string>(), pilot, at, count: () => flights.length }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

describe('FlightQueue', () => {
  it('L3: all who need a value join one flight', async () => {
    const { queue, pilot, at, count } = createBench()
    const waiting = [queue.join(pilot), queue.join(pilot)]
    expect(queue.busy).toBe(true)
    at(0).land('one')
    expect(await Promise.all(waiting)).toEqual(['one', 'one'])
    expect(count()).toBe(1)
    expect(queue.busy).toBe(false)
  })

  it('L5: six different refused values cost one flight besides the one under way', async () => {
    const { queue, pilot, at, count } = createBench()
    const first = queue.join(pilot)
    const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => queue.replace(value, pilot))
    const late = queue.join(pilot)
    at(0).land('one')
    expect(await first).toBe('one')
    await settle()
    expect([...at(1).flight.rejected]).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
    at(1).land('two')
    expect(await Promise.all([...others, late])).toEqual(Array(7).fill('two'))
    expect(count()).toBe(2)
  })

  it('L5: who is refused what a flight under way replaces already joins it', async () => {
    const { queue, pilot, at, count } = createBench()
    const first = queue.replace('a', pilot)
    const second = queue.replace('a', pilot)
    at(0).land('one')
    expect(await first).toBe(await second)
    expect(count()).toBe(1)
  })

  it('L5: a flight behind the callers’ backs is broken off for one that replaces a refused value', async () => {
    const { queue, pilot, at } = createBench()
    queue.flyAhead(pilot)
    queue.flyAhead(pilot)
    const replaced = queue.replace('a', pilot)
    await settle()
    expect(at(0).flight.controller.signal.aborted).toBe(true)
    expect(at(0).flight.wanted).toBe(false)
    at(1).land('new')
    expect(await replaced).toBe('new')
  })

  it('L6: who needs a value waits for what goes on behind the callers’ backs, and then has a flight of their own', async () => {
    const { queue, pilot, at, count } = createBench()
    queue.flyAhead(pilot)
    const waiting = [queue.join(pilot), queue.join(pilot)]
    at(0).crash(new Error('down'))
    await settle()
    expect(count()).toBe(2)
    at(1).land('own')
    expect(await Promise.all(waiting)).toEqual(['own', 'own'])
  })

  it('L12: a purge makes unwanted what is under way, whatever is queued behind it, and not what has not begun', async () => {
    const { queue, pilot, at } = createBench()
    const first = queue.join(pilot)
    queue.replace('a', pilot).catch(() => {})
    queue.purge()
    expect(at(0).flight.wanted).toBe(false)
    at(0).land('purged')
    expect(await first).toBe('purged')
    await settle()
    expect(at(1).flight.wanted).toBe(true)
    at(1).land('kept')
  })

  it('L12: after a purge nobody joins what was under way', async () => {
    const { queue, pilot, at } = createBench()
    const first = queue.join(pilot)
    queue.purge()
    const second = queue.join(pilot)
    at(0).land('old')
    expect(await first).toBe('old')
    await settle()
    at(1).land('new')
    expect(await second).toBe('new')
  })

  it('L11: breaking off ends what nobody waits for, and nothing else', async () => {
    const { queue, pilot, at } = createBench()
    const waited = queue.join(pilot)
    queue.breakOff()
    expect(at(0).flight.controller.signal.aborted).toBe(false)
    at(0).land('one')
    await waited
    queue.flyAhead(pilot)
    const queued = queue.join(pilot)
    queue.breakOff()
    expect(at(1).flight.controller.signal.aborted).toBe(true)
    await settle()
    at(2).land('own')
    expect(await queued).toBe('own')
  })

  it('L4: a flight that nobody waits for fails without an unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const { queue, pilot, at } = createBench()
    queue.flyAhead(pilot)
    at(0).crash(new Error('no'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
    expect(queue.busy).toBe(false)
  })

  it('L4: a flight that waited knows for how long', async () => {
    const queue = new FlightQueue<string>()
    const waits: number[] = []
    const slow: Pilot<string> = async (_flight, waited) => {
      waits.push(waited)
      await new Promise((resolve) => setTimeout(resolve, 30))
      return 'x'
    }
    queue.flyAhead(slow)
    await queue.join(slow)
    expect(waits[0]).toBeLessThan(10)
    expect(waits[1]).toBeGreaterThanOrEqual(25)
  })

  it('L12: a purge breaks off what goes on behind the callers', async () => {
    const queue = new FlightQueue<string>()
    const signals: AbortSignal[] = []
    queue.flyAhead(({ controller }) => {
      signals.push(controller.signal)
      return new Promise(() => {})
    })
    queue.purge()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })
})
