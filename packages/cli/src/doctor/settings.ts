import { describeCredentialText, type TextOddity } from './credential-text.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding } from './finding.ts'
import { showText, showUrl } from './shown-text.ts'

/** Step `settings`: the settings, their sources, and peculiarities of the credentials' text. */
export function examineSettings(examination: Examination): Finding {
  const { known, settings, secret, mistake } = examination
  const finding = draftFinding()
  const shownSettings = []
  for (const { name, isUrl, isSecret } of known.settings) {
    const value = settings.settings[name]
    const source = settings.sources.get(name)
    if (value === undefined || source === undefined || name === 'clientSecretFile') continue
    if (name === 'clientId' || isSecret === true) {
      // Users may swap id and secret, so the id is not shown before the server has accepted it.
      finding.saw(`${name}: ${[...value].length} characters (${source})`)
      shownSettings.push({ name, source, length: [...value].length })
      continue
    }
    const url = isUrl === true ? URL.parse(value) : null
    // An invalid URL may be a secret in the wrong place.
    const shown = isUrl === true ? (url === null ? '(no URL)' : showUrl(url)) : showText(value)
    finding.saw(`${name}: ${shown === '' ? "''" : shown} (${source})`)
    shownSettings.push({ name, source, value: shown })
    if (url !== null && (url.search !== '' || url.username !== '')) {
      finding.warn(
        `${name} holds more than an address (a query, or a user name), which is not shown`,
        `Check ${source}: a query or a user name in it is usually a mistake.`,
      )
    }
  }
  finding.detail('settings', shownSettings)

  const { clientId } = settings.settings
  const idOddities = clientId === undefined ? [] : describeCredentialText(clientId)
  noteOddities(finding, 'clientId', idOddities)

  const { value, source } = secret
  if (value !== undefined && source !== undefined) {
    const oddities = describeCredentialText(value, clientId)
    finding.saw(`client secret: ${[...value].length} characters, not shown (${source})`)
    noteOddities(finding, 'client secret', oddities)
    const special = encodedCharacters(value)
    if (special.length > 0) {
      finding.saw(`client secret holds ${special.join(' ')}, which servers read differently in a Basic header`)
    }
    finding.detail('clientSecret', {
      source,
      length: [...value].length,
      oddities: oddities.map(({ name }) => name),
      encodedCharacters: special,
    })
  }

  for (const what of settings.missing) finding.fail(`missing: ${what}`, `Set ${what}.`)
  if (secret.isNotUsed === true) finding.saw('no client secret: the client authenticates in another way')
  else if (value === undefined) {
    const missing = `${known.secretVariable}, or --client-secret-file`
    if (secret.mistake === undefined) finding.fail(`missing: ${missing}`, `Set ${missing}.`)
    else finding.fail(secret.mistake, 'Make the client secret readable.')
  }
  for (const what of settings.mistakes) finding.fail(what, `Correct the settings: ${what}.`)
  if (mistake !== undefined) finding.fail(mistake, `Correct the settings: ${mistake}`)
  return finding.done()
}

function noteOddities(finding: ReturnType<typeof draftFinding>, what: string, oddities: readonly TextOddity[]): void {
  // They may be intended, so the advice follows only if the server rejects the credentials.
  for (const { words, isGrave } of oddities) {
    if (isGrave) finding.warn(`${what} ${words}`)
    else finding.saw(`${what} ${words}`)
  }
}

/** The printable ASCII characters that form-encoding changes, sorted, each once. */
function encodedCharacters(text: string): readonly string[] {
  const special = [...new Set(text)].filter((character) => /[^A-Za-z0-9*._-]/.test(character))
  return special.filter((character) => /^[\x21-\x7e]$/.test(character)).sort()
}
