import { describe, expect, it } from 'vitest'
import { GrantReport } from '../../src/acquire/grant-report.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { NightlatchError } from '../../src/errors.ts'
import type { ClientEvent } from '../../src/events.ts'
import { findLeaks } from './printings.ts'

const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.test/token' }
const failure = new NightlatchError('endpoint_unavailable', 'down', { provider: 'acme' })

function start() {
  const events: ClientEvent[] = []
  let time = 0
  const transport = { fetch, allowInsecureRequests: false, now: () => 0, time: () => (time += 500) }
  const emit = (event: ClientEvent): number => events.push(event)
  const report = new GrantReport({ provider, transport, emit }, { background: true })
  return { report, events }
}

describe('GrantReport', () => {
  it('X1: events contain the attempt, the time since the beginning, and whether it is a background refresh', () => {
    const { report, events } = start()
    report.retried(failure, 0.4)
    report.granted({ lifetime: 3600, suspectsMilliseconds: false })
    report.failed(failure)
    const common = { provider: 'acme', background: true }
    expect(events).toEqual([
      { type: 'grant.retried', ...common, attempt: 1, duration: 0.5, wait: 0.4, error: failure },
      { type: 'token.granted', ...common, attempt: 2, duration: 1, lifetime: 3600 },
      { type: 'grant.failed', ...common, attempt: 2, duration: 1.5, error: failure },
    ])
  })

  it('X2: the message of the tracing channel is completed step by step, without the query', () => {
    const { report } = start()
    const message = {
      provider: 'acme',
      background: true,
      url: undefined,
      attempt: 1,
      lifetime: undefined,
    }
    expect(report.message).toEqual(message)
    report.requested(new URL('https://login.acme.test/token?key=MARKED'))
    report.retried(failure, 0)
    report.granted({ lifetime: 60, suspectsMilliseconds: false })
    expect(report.message).toEqual({ ...message, url: 'https://login.acme.test/token', attempt: 2, lifetime: 60 })
    const description = report.describe(new RangeError('MARKED'))
    expect(description).toBeInstanceOf(NightlatchError)
    expect(findLeaks([report.message, description], ['MARKED'])).toEqual([])
  })
})
