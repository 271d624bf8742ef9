import { describeCredentialText, type TextOddity } from './credential-text.ts'
import type { Examination } from './examination.ts'
import { draftFinding, type Finding } from './finding.ts'
import { showText, showUrl } from './shown-text.ts'

/** Step 1: which settings there are, where they come from, and what is odd about the spelling of the credentials. */
export function examineSettings(examination: Examination): Finding {
  const { known, settings, secret, mistake } = examination
  const finding = draftFinding()
  const told = []
  for (const { name, isUrl } of known.settings) {
    const value = settings.settings[name]
    const source = settings.sources.get(name)
    if (value === undefined || source === undefined || name === 'clientSecretFile') continue
    if (name === 'clientId') {
      // Id and secret are easily swapped: not before the server has taken it is it surely the id.
      finding.saw(`${name}: ${[...value].length} characters (${source})`)
      told.push({ name, source, length: [...value].length })
      continue
    }
    const url = isUrl === true ? URL.parse(value) : null
    // What should be a URL and is none may be anything, the secret included.
    const shown = isUrl === true ? (url === null ? '(no URL)' : showUrl(url)) : showText(value)
    finding.saw(`${name}: ${shown === '' ? "''" : shown} (${source})`)
    told.push({ name, source, value: shown })
    if (url !== null && (url.search !== '' || url.username !== '')) {
      finding.warn(
        `${name} holds more than an address (a query, or a user name), which is not shown`,
        `Look at ${source}: a query or a user name in it is seldom meant.`,
      )
    }
  }
  finding.detail('settings', told)

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
  if (secret.isNotUsed === true) finding.saw('no client secret: the client shows who it is by other means')
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
  // What to do about them is said where the server refuses: it may be that they are meant.
  for (const { words, isGrave } of oddities) {
    if (isGrave) finding.warn(`${what} ${words}`)
    else finding.saw(`${what} ${words}`)
  }
}

/** The characters for which form-encoding and none differ, each once, without a place; a space by name. */
function encodedCharacters(text: string): readonly string[] {
  const special = [...new Set(text)].filter((character) => /[^A-Za-z0-9*._-]/.test(character))
  return special.filter((character) => /^[\x21-\x7e]$/.test(character)).sort()
}
