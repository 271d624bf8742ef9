/** Topics of advice that a later step can rule out. */
export type AdviceTopic = 'client-authentication' | 'client-secret'

/** Whether a sentence of advice or a provider's hint is about a topic. */
export function isAbout(sentence: string, topic: AdviceTopic): boolean {
  return topic === 'client-authentication'
    ? /client-?authentication|clientSecret(Basic|Post)|basic-(raw|form)|form-encode|reads differently|in the form/i.test(
        sentence,
      )
    : /new client secret/i.test(sentence)
}

/** The result of a step. */
export type FindingStatus = 'ok' | 'warning' | 'failed' | 'skipped'

/** Observations and advice of a step, without secrets. */
export interface Finding {
  readonly status: FindingStatus
  /** Lines for people. The first line of a skipped step is the reason. */
  readonly saw: readonly string[]
  /** One sentence for each thing to do. */
  readonly advice: readonly string[]
  /** The observations for programs. */
  readonly details: Readonly<Record<string, unknown>>
  /** An earlier step whose advice is no longer needed. */
  readonly settles?: string
  /** Topics that this step has ruled out; the report omits advice about them. */
  readonly rulesOut?: readonly AdviceTopic[]
}

/** Collects the observations of a step. The status is that of the worst observation. */
export interface FindingDraft {
  saw(line: string): void
  /** Adds a line that deserves attention but is not an error. */
  warn(line: string, advice?: string): void
  fail(line: string, ...advice: readonly string[]): void
  advise(...advice: readonly string[]): void
  detail(name: string, value: unknown): void
  done(): Finding
}

export function draftFinding(): FindingDraft {
  let status: FindingStatus = 'ok'
  const saw: string[] = []
  const advice = new Set<string>()
  const details: Record<string, unknown> = {}
  const advise = (sentences: readonly (string | undefined)[]): void => {
    for (const sentence of sentences) if (sentence !== undefined) advice.add(sentence)
  }
  return {
    saw: (line) => void saw.push(line),
    warn(line, sentence) {
      if (status === 'ok') status = 'warning'
      saw.push(line)
      advise([sentence])
    },
    fail(line, ...sentences) {
      status = 'failed'
      saw.push(line)
      advise(sentences)
    },
    advise: (...sentences) => advise(sentences),
    detail(name, value) {
      details[name] = value
    },
    done: () => ({ status, saw, advice: [...advice], details }),
  }
}

/** The finding of a step that is impossible or unnecessary. */
export function skipped(reason: string, details: Finding['details'] = {}): Finding {
  return { status: 'skipped', saw: [reason], advice: [], details }
}
