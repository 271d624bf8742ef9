/** What advice is about, as far as steps rule it out for each other. */
export type AdviceTopic = 'client-authentication' | 'client-secret'

/** Whether a sentence, of a provider's hints too, is about a topic. */
export function isAbout(sentence: string, topic: AdviceTopic): boolean {
  return topic === 'client-authentication'
    ? /client-?authentication|clientSecret(Basic|Post)|basic-(raw|form)|form-encode|reads differently|in the form/i.test(
        sentence,
      )
    : /new client secret/i.test(sentence)
}

/** What a step came to. */
export type FindingStatus = 'ok' | 'warning' | 'failed' | 'skipped'

/** What a step saw, and what there is to do about it. Nothing in it is secret. */
export interface Finding {
  readonly status: FindingStatus
  /** Lines for people; of a skipped step the first one is the reason. */
  readonly saw: readonly string[]
  /** What to do, a sentence each. */
  readonly advice: readonly string[]
  /** The same for programs. */
  readonly details: Readonly<Record<string, unknown>>
  /** The name of an earlier step whose advice this one makes needless. */
  readonly settles?: string
  /** What this step has ruled out: advice about it, of whatever step, is left out. */
  readonly rulesOut?: readonly AdviceTopic[]
}

/** Gathers what a step sees: its status is that of the worst thing noted. */
export interface FindingDraft {
  saw(line: string): void
  /** Not wrong, and worth a look. */
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

/** A step that could not be taken, or need not be. */
export function skipped(reason: string, details: Finding['details'] = {}): Finding {
  return { status: 'skipped', saw: [reason], advice: [], details }
}
