import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

/** Step 10: what the answers say about who may do what; each provider has its own way of that. */
export function examineAccess({ evidence, knowledge, settings }: Examination): Finding {
  return knowledge.judgeAccess(evidence, settings.settings.clientId ?? '')
}
