/**
 * Proves that a regular expression matches in linear time, by rules that are stricter than necessary:
 *
 * - no backreference;
 * - a quantifier without an upper bound (`*`, `+`, `{2,}`) repeats one character or class, never a group;
 * - if anchored at the start, each alternative has at most one such quantifier: the engine tries each length once, and the
 *   rest has bounded length;
 * - if not anchored, such a quantifier must be the last in its alternative, so that every partial match succeeds.
 */

/** Returns why the proof fails; `undefined` if the expression is linear. */
export function findNonlinearity(source: string, flags: string): string | undefined {
  const expression = new Reader(source).read()
  if (expression.hasBackreference) return 'it has a backreference'
  for (const alternative of expression.alternatives) {
    const { unbounded, isAnchored } = alternative
    if (unbounded.some(({ repeatsGroup }) => repeatsGroup)) return 'a group is repeated without an upper bound'
    if (isAnchored && !flags.includes('m')) {
      if (unbounded.length > 1) return 'an alternative has more than one repetition without an upper bound'
    } else if (unbounded.some(({ isLast }) => !isLast)) {
      return 'it is not anchored, and something must match after a repetition without an upper bound'
    }
  }
  return undefined
}

interface Repetition {
  readonly repeatsGroup: boolean
  /** Whether nothing follows it in its alternative. */
  isLast: boolean
}

interface Alternative {
  readonly unbounded: Repetition[]
  isAnchored: boolean
}

/** Reads the parts of an expression that the proof requires; the JavaScript parser has validated it before. */
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
      // A group counts as the concatenation of its alternatives.
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

  /** Skips one character, class or escape, or reads a group and returns its alternatives. */
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

  /** Skips a quantifier and returns its maximum number of repetitions. */
  #readQuantifier(): number {
    const rest = this.#source.slice(this.#at)
    const [quantifier = '', least, most] = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(rest) ?? []
    this.#at += quantifier.length
    if (quantifier === '' || quantifier.startsWith('?')) return 1
    return least === undefined || most === '' ? Number.POSITIVE_INFINITY : Number(most ?? least)
  }
}
