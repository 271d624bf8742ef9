/** A peculiarity of a credential's text that is often a mistake. */
export interface TextOddity {
  readonly name:
    | 'line-break'
    | 'surrounding-blanks'
    | 'blanks'
    | 'quotes'
    | 'control-characters'
    | 'percent-encoded'
    | 'base64-pair'
    | 'ellipsis'
    | 'placeholder'
    | 'invisible'
    | 'not-ascii'
    | 'scheme'
    | 'as-client-id'
  /** Follows the credential's name in a sentence. */
  readonly words: string
  /** Almost always a mistake; the others occur in valid secrets. */
  readonly isGrave: boolean
}

/** Describes the peculiarities of a credential without quoting it, the grave ones first. */
export function describeCredentialText(text: string, clientId?: string): readonly TextOddity[] {
  const oddities: readonly (Omit<TextOddity, 'isGrave'> & { readonly is: boolean })[] = [
    { name: 'line-break', is: /[\r\n]/.test(text), words: 'holds a line break' },
    { name: 'surrounding-blanks', is: /^[^\S\r\n]|[^\S\r\n]$/.test(text), words: 'begins or ends with a blank' },
    { name: 'blanks', is: text.split(/[\r\n]/).some((line) => /\s/.test(line.trim())), words: 'has a blank inside' },
    { name: 'quotes', is: isQuoted(text.trim()), words: 'is wrapped in quotes' },
    { name: 'control-characters', is: /[^\P{Cc}\r\n\t]/u.test(text), words: 'holds a control character' },
    { name: 'percent-encoded', is: /%[0-9a-f]{2}/i.test(text), words: 'looks percent-encoded (%XX)' },
    {
      name: 'base64-pair',
      is: clientId !== undefined && clientId !== '' && decodeBase64(text).startsWith(`${clientId}:`),
      words: 'is the Base64 of client id and secret together; it must be the secret alone',
    },
    { name: 'ellipsis', is: /…|\.\.\./.test(text), words: 'holds an ellipsis, like a shortened copy' },
    {
      name: 'placeholder',
      is: /^<.*>$|^\$\{?\w+\}?$|^(your|my)[-_ ]|^(changeme|secret|password)$|^x{3,}$|^\*{3,}$|^•{3,}$/i.test(text),
      words: 'looks like a placeholder',
    },
    { name: 'invisible', is: /[\p{Cf}\u00a0]/u.test(text), words: 'holds an invisible character' },
    { name: 'not-ascii', is: /[^\p{ASCII}\p{Cf}…•\u00a0]/u.test(text), words: 'holds characters beyond ASCII' },
    {
      name: 'scheme',
      is: /^(basic|bearer)\s/i.test(text),
      words: 'begins with the name of an HTTP authentication scheme',
    },
    { name: 'as-client-id', is: text === clientId, words: 'is the same text as the client id' },
  ]
  return oddities
    .filter(({ is }) => is)
    .map(({ name, words }) => ({ name, words, isGrave: !harmless.has(name) }))
    .sort((a, b) => Number(b.isGrave) - Number(a.isGrave))
}

const harmless: ReadonlySet<TextOddity['name']> = new Set(['blanks', 'percent-encoded', 'not-ascii'])

function isQuoted(text: string): boolean {
  const [quote = ''] = text
  return text.length > 1 && /^['"`]/.test(text) && text.endsWith(quote)
}

function decodeBase64(text: string): string {
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.trim()) ? Buffer.from(text, 'base64').toString('utf8') : ''
}
