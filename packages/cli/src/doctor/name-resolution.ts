import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { explainNetworkFailure, readNetworkFailure } from '@nightlatch/core'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding, skipped } from './finding.ts'
import { withinTime } from './within-time.ts'

/** Step `name-resolution`: resolves the token endpoint's host in the same way as `fetch`, including the hosts file. */
export async function examineNameResolution({ address, timeout, evidence, waitFor }: Examination): Promise<Finding> {
  if (address === undefined) return skipped('the settings name no address')
  const host = address.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return skipped(`${host} is an address already`, { host })

  const finding = draftFinding()
  finding.detail('host', host)
  try {
    const addresses = await waitFor(`the address of ${host}`, withinTime(lookup(host, { all: true }), timeout))
    if (addresses === undefined) {
      finding.fail(`${host}: no response within ${timeout} s`, 'Check the name server of this machine.')
      return finding.done()
    }
    for (const { address: found, family } of addresses) finding.saw(`${host} ${family === 6 ? 'AAAA' : 'A'} ${found}`)
    finding.detail('addresses', addresses)
  } catch (failure) {
    const reason = readNetworkFailure(failure)
    const { code = 'unknown' } = reason
    evidence.hasNoAddress = true
    evidence.isUnreachable = true
    finding.detail('code', code)
    finding.fail(`${host} has no address (${code})`, ...explainNetworkFailure(reason).hints)
  }
  return finding.done()
}
