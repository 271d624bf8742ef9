/**
 * Proves of a regular expression that it takes time in proportion to the text, by rules that are stricter than need be:
 *
 * - no backreference;
 * - a quantifier without an upper bound (`*`, `+`, `{2,}`) repeats one character or class, never a group;
 * - anchored at the start, an expression has one such quantifier at most in each alternative: the engine tries each length of
 *   it once, and what follows is of bounded length;
 * - not anchored, such a quantifier may only be the last of its alternative, so that whatever begins to match does match.
 */

/** What is in the way of the proof, in words; `undefined` if the expression is linear. */
export function findNonlinearity(source: string, flags: string): string | undefined {
  const expression = new Reader(source).read()
  if (expression.hasBackreference) return 'it has a backreference'
  for (const alternative of expression.alternatives) {
    const { unbounded, isAnchored } = alternative
    if (unbounded.some(({ repeatsGroup }) => repeatsGroup)) return 'a group is repeated without a bound'
    if (isAnchored && !flags.includes('m')) {
      if (unbounded.length > 1) return 'an alternative has more than one repetition without a bound'
    } else if (unbounded.some(({ isLast }) => !isLast)) {
      return 'it is not anchored, and something must match behind a repetition without a bound'
    }
  }
  return undefined
}

interface Repetition {
  readonly repeatsGroup: boolean
  /** Nothing of its alternative comes after it. */
  isLast: boolean
}

interface Alternative {
  readonly unbounded: Repetition[]
  isAnchored: boolean
}

/** Reads an expression as far as the proof needs it; what is not JavaScript was refused by the parser before. */
class Reader {
  readonly #source: string
  #at = 0
  #hasBackreference = false

  constructor(source: string) {
    this.#source = source
  }

  read(): { readonly alternatives: readonly Alternative[]; readonly hasBackreference: boolean } {
    const alternatives = this.#readAlternatives()
    return { alternatives, hasBackreference: this.#hasBackreference }
  }

  #readAlternatives(): readonly Alternative[] {
    const alternatives: Alternative[] = [{ unbounded: [], isAnchored: false }]
    let count = 0
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      const alternative = alternatives.at(-1) as Alternative
      const character = this.#source[this.#at]
      if (character === '|') {
        this.#at += 1
        count = 0
        alternatives.push({ unbounded: [], isAnchored: false })
        continue
      }
      if (character === '^' && count === 0) {
        this.#at += 1
        alternative.isAnchored = true
        count += 1
        continue
      }
      for (const one of alternative.unbounded) one.isLast = false
      const inner = this.#readAtom()
      const times = this.#readQuantifier()
      // A group counts as if its alternatives stood here, one after the other.
      for (const { unbounded } of inner ?? []) {
        alternative.unbounded.push(...unbounded.map((one) => (times > 1 ? { repeatsGroup: true, isLast: true } : one)))
      }
      if (times === Number.POSITIVE_INFINITY) {
        alternative.unbounded.push({ repeatsGroup: inner !== undefined, isLast: true })
      }
      count += 1
    }
    return alternatives
  }

  /** Passes one character, class, escape or group; a group's alternatives are what is in it. */
  #readAtom(): readonly Alternative[] | undefined {
    const source = this.#source
    const character = source[this.#at]
    if (character === '(') {
      this.#at += source.startsWith('(?<=', this.#at) || source.startsWith('(?<!', this.#at) ? 4 : 1
      if (source[this.#at] === '?')
        this.#at = source.startsWith('?<', this.#at) ? source.indexOf('>', this.#at) + 1 : this.#at + 2
      const alternatives = this.#readAlternatives()
      this.#at += 1
      return alternatives
    }
    if (character === '[') {
      this.#at += 1
      while (source[this.#at] !== ']') this.#at += source[this.#at] === '\\' ? 2 : 1
      this.#at += 1
      return undefined
    }
    if (character !== '\\') {
      this.#at += 1
      return undefined
    }
    const escaped = source[this.#at + 1] ?? ''
    if ((escaped >= '1' && escaped <= '9') || escaped === 'k') this.#hasBackreference = true
    const opensBrace = 'pPu'.includes(escaped) && source[this.#at + 2] === '{'
    this.#at = opensBrace ? source.indexOf('}', this.#at) + 1 : this.#at + 2
    return undefined
  }

  /** Passes a quantifier, and says how often it repeats at most. */
  #readQuantifier(): number {
    const rest = this.#source.slice(this.#at)
    const [quantifier = '', least, most] = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(rest) ?? []
    this.#at += quantifier.length
    if (quantifier === '' || quantifier.startsWith('?')) return 1
    return least === undefined || most === '' ? Number.POSITIVE_INFINITY : Number(most ?? least)
  }
}
