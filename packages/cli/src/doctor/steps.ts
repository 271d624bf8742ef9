import { codeOf } from '../error-code.ts'
import { examineAccess } from './access.ts'
import { examineApiCall } from './api-call.ts'
import { examineAssertion } from './assertion.ts'
import { examineAuthentication } from './authentication-probe.ts'
import { examineClaims } from './claims.ts'
import { examineClock } from './clock.ts'
import { examineDiscovery } from './discovery.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding } from './finding.ts'
import { examineNameResolution } from './name-resolution.ts'
import { examineSettings } from './settings.ts'
import { examineTls } from './tls.ts'
import { examineTokenRequest } from './token-request.ts'
import { examineTokenResponse } from './token-response.ts'

/** One check of the doctor. */
export interface Step {
  /** Its name in the JSON document. */
  readonly name: string
  readonly title: string
  /** Whether the step applies; default: to every examination. */
  readonly appliesTo?: (examination: Examination) => boolean
  readonly examine: (examination: Examination) => Finding | Promise<Finding>
}

/** All steps, from the settings to an API call. */
export const steps: readonly Step[] = [
  { name: 'settings', title: 'Settings', examine: examineSettings },
  {
    name: 'assertion',
    title: 'Assertion',
    appliesTo: ({ provider }) => provider?.clientAuthentication?.source !== undefined,
    examine: examineAssertion,
  },
  { name: 'name-resolution', title: 'Name resolution', examine: examineNameResolution },
  { name: 'tls', title: 'TLS', examine: examineTls },
  { name: 'clock', title: 'Clock', examine: examineClock },
  { name: 'token-request', title: 'Token request', examine: examineTokenRequest },
  { name: 'authentication-probe', title: 'Client authentication', examine: examineAuthentication },
  { name: 'token-response', title: 'Token response', examine: examineTokenResponse },
  { name: 'claims', title: 'Token claims', examine: examineClaims },
  { name: 'discovery', title: 'Discovery', examine: examineDiscovery },
  { name: 'api-call', title: 'API call', examine: examineApiCall },
  { name: 'access', title: 'Access', examine: examineAccess },
]

/** Runs a step. If it throws, the error becomes a finding and the later steps still run. */
export async function takeStep({ examine }: Step, examination: Examination): Promise<Finding> {
  try {
    return await examine(examination)
  } catch (failure) {
    const finding = draftFinding()
    const name = failure instanceof Error ? failure.name : 'a value that is not an Error'
    // The message may quote a request or a response, so it is not shown.
    finding.fail(`this step failed with ${name}${codeOf(failure) === undefined ? '' : ` (${codeOf(failure)})`}`)
    return finding.done()
  }
}
