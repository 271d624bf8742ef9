import { describe, expect, it } from 'vitest'
import { GrantReport } from '../../src/acquire/grant-report.ts'
import type { Provider } from '../../src/acquire/provider.ts'
import { type Diagnostics, type GrantTrace, noDiagnostics } from '../../src/diagnostics.ts'
import { NightlatchError } from '../../src/errors.ts'
import type { ClientEvent } from '../../src/events.ts'
import { findLeaks } from './printings.ts'

const provider: Provider = { name: 'acme', tokenEndpoint: 'https://login.acme.test/token' }
const failure = new NightlatchError('endpoint_unavailable', 'down', { provider: 'acme' })

function start() {
  const events: ClientEvent[] = []
  const messages: GrantTrace[] = []
  const descriptions: unknown[] = []
  const diagnostics: Diagnostics = {
    ...noDiagnostics,
    trace(_name, message, work, describe) {
      messages.push(message as GrantTrace)
      descriptions.push(describe?.(new RangeError('MARKED')))
      return work()
    },
  }
  let time = 0
  const transport = { fetch, allowInsecureRequests: false, now: () => 0, time: () => (time += 500) }
  const emit = (event: ClientEvent): number => events.push(event)
  const report = new GrantReport({ provider, transport, emit, diagnostics }, { background: true })
  return { report, events, messages, descriptions }
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

  it('X2: the message of the tracing channel is completed step by step, without the query', async () => {
    const { report, messages, descriptions } = start()
    const message = {
      provider: 'acme',
      background: true,
      url: undefined,
      attempt: 1,
      lifetime: undefined,
    }
    const result = await report.trace(async () => {
      expect(messages).toEqual([message])
      report.requested(new URL('https://login.acme.test/token?key=MARKED'))
      report.retried(failure, 0)
      report.granted({ lifetime: 60, suspectsMilliseconds: false })
      return 'a token'
    })
    expect(result).toBe('a token')
    expect(messages).toEqual([{ ...message, url: 'https://login.acme.test/token', attempt: 2, lifetime: 60 }])
    expect(findLeaks([messages, descriptions], ['MARKED'])).toEqual([])
  })
})
