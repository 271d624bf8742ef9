import { isProviderName, nameThings } from '../new-provider/provider-draft.ts'
import { readSample } from '../new-provider/sample-answer.ts'
import { code, identifier, importLine } from '../new-provider/source-text.ts'
import { writeReader } from '../new-provider/write-provider.ts'
import type { Examination } from './examination.ts'
import type { FindingDraft } from './finding.ts'
import { showNames } from './shown-text.ts'

/** A response in which the core finds no token. */
interface UnreadAnswer {
  /** The body. It may hold a token, so only names and paths are shown. */
  readonly text: string
  readonly headers: Headers
}

/** Prints a `readTokenResponse` for the response. The field names suggest where the token is. */
export function adviseReader(finding: FindingDraft, { known, provider }: Examination, answer: UnreadAnswer): void {
  const { title } = nameThings(isProviderName(known.name) ? known.name : 'client')
  const sample = findSample(answer)
  const reader = sample === undefined ? undefined : writeReader(sample, { title })
  const written =
    reader === undefined
      ? code`${importLine(['readPath', 'readStandardTokenResponse'], ['TokenAnswer', 'TokenFields'], '@nightlatch/core')}
function ${identifier(`read${title}Answer`)}(answer: TokenAnswer): TokenFields {
  return { ...readStandardTokenResponse(answer), accessToken: readPath(answer.body, 'name', 'of', 'the', 'field') }
}
`
      : code`${importLine(reader.values, reader.types, '@nightlatch/core')}${reader.code}`
  finding.detail('readTokenResponse', written.text)
  finding.saw('a readTokenResponse for it:')
  for (const line of written.text.trimEnd().split('\n')) finding.saw(`  ${line}`.trimEnd())
  const place = known.configured === undefined ? 'the provider' : `the provider in ${known.configured.file}`
  const name = `read${title}Answer`
  finding.advise(
    provider?.readTokenResponse === undefined
      ? `Write a readTokenResponse (the code is above) and give it to ${place}: { ...provider, readTokenResponse: ${name} }.${reader === undefined ? ' In place of the name, write the path to the field that holds the token.' : ''}`
      : `Correct the readTokenResponse of ${place}, which finds no token; the code above shows one.`,
  )
}

/** Looks for the token in the body, then in the headers. */
function findSample({ text, headers }: UnreadAnswer): ReturnType<typeof readSample> {
  const head = [...headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  const sample = readSample(text) ?? readSample(`HTTP/1.1 200 OK\n${head}\n\n${text}`)
  const paths = [sample?.token, sample?.lifetime?.path, sample?.scope, sample?.error?.code, sample?.error?.words]
  const names = paths.flatMap((path) => path ?? []).filter((step) => typeof step === 'string')
  // An unusual field name may be a secret.
  const isShown = names.every((name) => showNames({ [name]: 0 })[0] === name)
  return isShown ? sample : undefined
}
