/**
 * Simulates a fleet of processes and their authorization server in virtual time. The core's own functions decide when a token
 * is refreshed and when a failed refresh is retried.
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
  /** Number of tenants of each process. */
  readonly tenantsPerProcess: number
  readonly lifetime: number
  /** Mean time between two calls of a process for a tenant, exponentially distributed. */
  readonly callGap: number
  /** The period over which processes start; 0 starts all at once. */
  readonly startsOver: number
  /** When the server responds with 503 to all requests. */
  readonly outage: { readonly from: number; readonly to: number }
  readonly until: number
  /** Whether the processes share a store with a lock. */
  readonly isShared: boolean
  /** Whether refreshes and retries have jitter. */
  readonly hasJitter: boolean
  readonly seed: number
}

export interface FleetDay {
  /** Token requests in each second, including failed ones. */
  readonly requests: Uint32Array
  /** Number of granted tokens. */
  readonly grants: number
  /** Calls that found their token expired and got none, because the server was down. */
  readonly failedCalls: number
}

/** Resolution of the simulation's clock. */
const tickMs = 100
/** Duration of a grant, and mean time between two polls of the store. */
const grantSeconds = 0.2
/** The client's timeout. */
const timeoutSeconds = 10

const down = new NightlatchError('endpoint_unavailable', '503', { retryable: true, status: 503 })

/** The shared store, by tenant; all instants in milliseconds. */
interface Store {
  readonly requestedAt: Float64Array
  readonly arrivesAt: Float64Array
  readonly jitter: Float64Array
  readonly lockedUntil: Float64Array
  /** Until when no process refreshes in the background after a failed refresh. */
  readonly backsOffUntil: Float64Array
}

export function simulateFleet(fleet: Fleet): FleetDay {
  const { processes, tenants, tenantsPerProcess, isShared } = fleet
  const random = createRandom(fleet.seed)
  const jitterRandom = fleet.hasJitter ? random : () => 0
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
  const queue = new EventQueue(slots, until, tickMs)
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

  /** Schedules the next call that does more than use the cached token. */
  const scheduleCall = (slot: number): void => {
    const due = Math.max(refreshAt[slot] as number, retryAt[slot] as number)
    queue.add(slot, nextCall(Math.min(due, endsAt[slot] as number)))
  }
  const keep = (slot: number, from: number, jitter: number): void => {
    const life = planLife({ requestedAt: from, lifetimeMs: lifetime, refreshInMs: undefined, jitter }, jitterRandom())
    requestedAt[slot] = life.requestedAt
    refreshAt[slot] = life.refreshAt
    mandatoryAt[slot] = life.mandatoryAt
    endsAt[slot] = life.endsAt
    retryAt[slot] = -1
  }
  /** Counts a token request and returns whether the server grants it. */
  const request = (time: number): boolean => {
    const second = Math.floor(time / 1000)
    if (second < requests.length) requests[second] = (requests[second] as number) + 1
    return time < downFrom || time >= downTo
  }
  /** Like `acquireToken`: one attempt in the background, otherwise up to three. */
  const acquire = (time: number, background: boolean): { from: number; isGranted: boolean } => {
    for (let from = time, attempt = 1; ; attempt += 1) {
      if (request(from)) return { from, isGranted: true }
      const secondsLeft = timeoutSeconds - (from - time) / 1000
      const wait = background ? undefined : planGrantRetry(down, attempt, secondsLeft, jitterRandom())
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
    const background = hasToken && judgeFreshness(life, time, retryAt[slot] as number) !== 'expired'
    const tenant = tenantOf(slot)
    if (isShared) {
      const stored = store.requestedAt[tenant] as number
      const isNewer = stored > (requestedAt[slot] as number) && (store.arrivesAt[tenant] as number) <= time
      if (isNewer && time < stored + lifetime) {
        keep(slot, stored, store.jitter[tenant] as number)
        scheduleCall(slot)
        return
      }
      const isLocked = (store.lockedUntil[tenant] as number) > time
      if (isLocked || (background && (store.backsOffUntil[tenant] as number) > time)) {
        // Another process refreshes or has failed: callers with a valid token go on, others poll the store.
        if (background) {
          retryAt[slot] = planRetry(life, time, jitterRandom())
          scheduleCall(slot)
        } else {
          queue.add(slot, time + grantSeconds * 1000 * (0.5 + random()))
        }
        return
      }
    }
    const { from, isGranted } = acquire(time, background)
    if (isGranted) {
      grants += 1
      const jitter = drawJitter(jitterRandom(), background)
      keep(slot, from, jitter)
      store.requestedAt[tenant] = from
      store.arrivesAt[tenant] = from + grantSeconds * 1000
      store.jitter[tenant] = jitter
      store.lockedUntil[tenant] = from + grantSeconds * 1000
      scheduleCall(slot)
    } else if (background) {
      retryAt[slot] = planRetry(life, time, jitterRandom())
      store.backsOffUntil[tenant] = retryAt[slot] as number
      scheduleCall(slot)
    } else {
      failedCalls += 1
      store.lockedUntil[tenant] = from
      queue.add(slot, nextCall(from))
    }
  })
  return { requests, grants, failedCalls }
}
