import { type Output, type Style, styled } from '../output/output.ts'
import { type Finding, type FindingStatus, isAbout } from './finding.ts'
import type { Step } from './steps.ts'

/** A step and its finding. */
export interface TakenStep {
  readonly step: Step
  readonly finding: Finding
}

const marks: Readonly<Record<FindingStatus, readonly [Style, string]>> = {
  ok: ['good', '✓'],
  warning: ['doubtful', '!'],
  failed: ['bad', '✗'],
  skipped: ['quiet', '-'],
}

/** Prints one step for people. */
export function printStep({ step, finding }: TakenStep, { print }: Output): void {
  const [style, mark] = marks[finding.status]
  const isSkipped = finding.status === 'skipped'
  print(styled(style, mark), ' ', isSkipped ? styled('quiet', `${step.title}: skipped`) : step.title)
  for (const line of finding.saw) print(isSkipped ? styled('quiet', `    ${line}`) : `    ${line}`)
}

/** Prints the advice at the end of a report. */
export function printWhatToDo(taken: readonly TakenStep[], { print }: Output): void {
  const sentences = whatToDo(taken)
  print('')
  print(styled('title', 'What to do'))
  for (const [at, sentence] of sentences.entries()) print(`  ${at + 1}. ${sentence}`)
  if (sentences.length === 0) {
    print(hasFailure(taken) ? '  No advice is known for this failure.' : '  Nothing: all steps passed.')
  }
}

/** The whole report as JSON, for programs. */
export function describeReport(provider: string, taken: readonly TakenStep[], tokenRequests: number): object {
  const isDoubtful = taken.some(({ finding }) => finding.status === 'warning')
  return {
    provider,
    status: hasFailure(taken) ? 'failed' : isDoubtful ? 'warning' : 'ok',
    steps: taken.map(({ step: { name, title }, finding: { status, saw, advice, details } }) => ({
      name,
      title,
      status,
      saw,
      advice,
      details,
    })),
    whatToDo: whatToDo(taken),
    tokenRequests,
  }
}

/** Whether a step failed. */
export function hasFailure(taken: readonly TakenStep[]): boolean {
  return taken.some(({ finding }) => finding.status === 'failed')
}

/** All advice, each sentence once, in the order of the steps, because an earlier failure often causes a later one. */
function whatToDo(taken: readonly TakenStep[]): readonly string[] {
  const settled = new Set(taken.map(({ finding }) => finding.settles))
  const open = taken.filter(({ step }) => !settled.has(step.name))
  const ruledOut = taken.flatMap(({ finding }) => finding.rulesOut ?? [])
  const advice = open.flatMap(({ finding }) => finding.advice)
  return [...new Set(advice)].filter((sentence) => !ruledOut.some((topic) => isAbout(sentence, topic)))
}
