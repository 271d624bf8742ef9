/**
 * A fleet of processes and their authorization server for a day, in virtual time. When a token is replaced, and when a
 * refresh that failed is tried again, is decided by the core's own functions.
 */
import { planGrantRetry } from '../../../packages/core/src/acquire/retry.ts'
import {
  drawJitter,
  judgeFreshness,
  planLife,
  planRetry,
  type TokenLife,
} from '../../../packages/core/src/cache/freshness.ts'
import { NightlatchError } from '../../../packages/core/src/errors.ts'
import { EventQueue } from './event-queue.ts'
import { createRandom } from './random.ts'

/** Times in seconds. */
export interface Fleet {
  readonly processes: number
  readonly tenants: number
  /** How many of the tenants each process works for. */
  readonly tenantsPerProcess: number
  readonly lifetime: number
  /** Between two moments at which a process needs a tenant's token: the mean; chance decides. */
  readonly callGap: number
  /** For how long processes start; 0: all at once. */
  readonly startsOver: number
  /** The server refuses everything with a 503. */
  readonly outage: { readonly from: number; readonly to: number }
  readonly until: number
  /** Whether the processes share a store with a lock. */
  readonly isShared: boolean
  /** Whether chance spreads the fleet. */
  readonly hasJitter: boolean
  readonly seed: number
}

export interface FleetDay {
  /** Requests at the token endpoint, those that failed among them, by the second. */
  readonly requests: Uint32Array
  /** Tokens that were granted. */
  readonly grants: number
  /** Calls that came when their token had ended, and got none: the server was down. */
  readonly failedCalls: number
}

/** Milliseconds of the simulation's clock. */
const tick = 100
/** Seconds: how long a grant takes, and how long the waiting wait before they look into the store again. */
const grantTime = 0.2
/** Seconds: the client's timeout. */
const timeout = 10

const down = new NightlatchError('endpoint_unavailable', '503', { retryable: true, status: 503 })

/** What the processes of a fleet share, by tenant. All instants in milliseconds. */
interface Store {
  readonly requestedAt: Float64Array
  readonly arrivesAt: Float64Array
  readonly jitter: Float64Array
  readonly lockedUntil: Float64Array
  /** Until when nobody tries behind the callers' backs what one was refused. */
  readonly backsOffUntil: Float64Array
}

export function simulateFleet(fleet: Fleet): FleetDay {
  const { processes, tenants, tenantsPerProcess, isShared } = fleet
  const random = createRandom(fleet.seed)
  const chance = fleet.hasJitter ? random : () => 0
  const lifetime = fleet.lifetime * 1000
  const until = fleet.until * 1000
  const [downFrom, downTo] = [fleet.outage.from * 1000, fleet.outage.to * 1000]
  const slots = processes * tenantsPerProcess
  const never = new Float64Array(slots).fill(-1)
  const [requestedAt, refreshAt, mandatoryAt, endsAt, retryAt] = Array.from({ length: 5 }, () => never.slice()) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const none = new Float64Array(tenants).fill(-1)
  const store: Store = {
    requestedAt: none.slice(),
    arrivesAt: none.slice(),
    jitter: none.slice(),
    lockedUntil: none.slice(),
    backsOffUntil: none.slice(),
  }
  const queue = new EventQueue(slots, until, tick)
  const requests = new Uint32Array(fleet.until)
  let [grants, failedCalls] = [0, 0]

  const tenantOf = (slot: number): number => {
    const process = Math.floor(slot / tenantsPerProcess)
    return (process * tenantsPerProcess + (slot % tenantsPerProcess)) % tenants
  }
  const nextCall = (time: number): number => time - Math.log(1 - random()) * fleet.callGap * 1000
  const lifeOf = (slot: number): TokenLife => ({
    requestedAt: requestedAt[slot] as number,
    refreshAt: refreshAt[slot] as number,
    mandatoryAt: mandatoryAt[slot] as number,
    endsAt: endsAt[slot] as number,
  })

  /** The next call that does more than take the token at hand. */
  const waitForTurn = (slot: number): void => {
    const due = Math.max(refreshAt[slot] as number, retryAt[slot] as number)
    queue.add(slot, nextCall(Math.min(due, endsAt[slot] as number)))
  }
  const keep = (slot: number, from: number, jitter: number): void => {
    const life = planLife({ requestedAt: from, lifetime, refreshIn: undefined, jitter }, chance())
    requestedAt[slot] = life.requestedAt
    refreshAt[slot] = life.refreshAt
    mandatoryAt[slot] = life.mandatoryAt
    endsAt[slot] = life.endsAt
    retryAt[slot] = -1
  }
  /** Whether the server grants a token. */
  const ask = (time: number): boolean => {
    const second = Math.floor(time / 1000)
    if (second < requests.length) requests[second] = (requests[second] as number) + 1
    return time < downFrom || time >= downTo
  }
  /** As `acquireToken` does it: behind the callers' backs once, else up to three times. */
  const acquire = (time: number, ahead: boolean): { from: number; isGranted: boolean } => {
    for (let from = time, attempt = 1; ; attempt += 1) {
      if (ask(from)) return { from, isGranted: true }
      const secondsLeft = timeout - (from - time) / 1000
      const wait = ahead ? undefined : planGrantRetry(down, attempt, secondsLeft, chance())
      if (wait === undefined) return { from, isGranted: false }
      from += wait * 1000
    }
  }

  for (let process = 0; process < processes; process += 1) {
    const startsAt = (process / processes) * fleet.startsOver * 1000
    for (let one = 0; one < tenantsPerProcess; one += 1)
      queue.add(process * tenantsPerProcess + one, nextCall(startsAt))
  }
  queue.run((slot, time) => {
    const hasToken = (requestedAt[slot] as number) >= 0
    const life = lifeOf(slot)
    const ahead = hasToken && judgeFreshness(life, time, retryAt[slot] as number) !== 'expired'
    const tenant = tenantOf(slot)
    if (isShared) {
      const stored = store.requestedAt[tenant] as number
      const isNews = stored > (requestedAt[slot] as number) && (store.arrivesAt[tenant] as number) <= time
      if (isNews && time < stored + lifetime) {
        keep(slot, stored, store.jitter[tenant] as number)
        waitForTurn(slot)
        return
      }
      const isLocked = (store.lockedUntil[tenant] as number) > time
      if (isLocked || (ahead && (store.backsOffUntil[tenant] as number) > time)) {
        // Another is at it, or was refused: with a token at hand nobody waits for that, without one they look into the store.
        if (ahead) {
          retryAt[slot] = planRetry(life, time, chance())
          waitForTurn(slot)
        } else {
          queue.add(slot, time + grantTime * 1000 * (0.5 + random()))
        }
        return
      }
    }
    const { from, isGranted } = acquire(time, ahead)
    if (isGranted) {
      grants += 1
      const jitter = drawJitter(chance(), ahead)
      keep(slot, from, jitter)
      store.requestedAt[tenant] = from
      store.arrivesAt[tenant] = from + grantTime * 1000
      store.jitter[tenant] = jitter
      store.lockedUntil[tenant] = from + grantTime * 1000
      waitForTurn(slot)
    } else if (ahead) {
      retryAt[slot] = planRetry(life, time, chance())
      store.backsOffUntil[tenant] = retryAt[slot] as number
      waitForTurn(slot)
    } else {
      failedCalls += 1
      store.lockedUntil[tenant] = from
      queue.add(slot, nextCall(from))
    }
  })
  return { requests, grants, failedCalls }
}
