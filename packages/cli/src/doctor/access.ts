import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

/** Step `access`: whether the client has access; each provider judges its own responses. */
export function examineAccess({ evidence, knowledge, settings }: Examination): Finding {
  return knowledge.judgeAccess(evidence, settings.settings.clientId ?? '')
}
