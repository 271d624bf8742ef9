/** The words of the project: what to write, and the phrases that it replaces. The glossary in `docs` explains the words. */

export interface WordRule {
  /** What to write. */
  readonly write: string
  /** What not to write, in any case of letters. */
  readonly not: RegExp
}

export const wordRules: readonly WordRule[] = [
  {
    write: 'refresh, in the background',
    not: /\bbehind (the|its|their) (callers?|users?)['’]s? backs?\b|\bbehind anybody['’]s back\b|\b(refresh|fetch|fly|flown|renew)(es|ed|ing)? ahead\b|\bahead of time\b/i,
  },
  {
    write: 'expire, expired, expires',
    not: /\b(its|their) time is up\b|\bgone by\b|\bdead tokens?\b|\btokens? (that )?(has |have |is |are )?(ended|ends|dies|died|dead)\b/i,
  },
  {
    write: 'request in flight, single flight, join',
    not: /\bpilots?\b|\bon board\b|\bboards? the flight\b|\bflights? lands?\b/i,
  },
  {
    write: 'token request, grant',
    not: /\b(is|are|was|be|been) asked for\b|\b(ask|asks|asking|asked) (again )?for (a|the|another|new|one) tokens?\b/i,
  },
  { write: 'rejected token', not: /\brefused tokens?\b/i },
  { write: 'grant error, failed grant', not: /\brefusals?\b|\brefused grants?\b/i },
  { write: 'return, serve from the cache', not: /\bhand(s|ed|ing)? (it |them |one )?out\b/i },
  {
    write: 'report, emit an event, say',
    not: /\b(is|are|was|were|be|been|being) told\b|\btold apart\b|\bis happening is told\b/i,
  },
  { write: 'retry, retry delay, backoff', not: /\b(tries|tried) (it )?again\b|\bpatience\b/i },
  {
    write: 'name the caller, the client or the user',
    not: /\b(whoever|nobody|somebody|anybody)\b|\banybody listens\b/i,
  },
  { write: 'allowed origin', not: /\bmay (not )?see (the|a|no) tokens?\b/i },
  { write: 'emulator, emulated provider', not: /\bon your own machine\b/i },
  { write: 'cached, stored', not: /\bremember(s|ed|ing)?\b|\btokens? (is|are) kept\b|\bkept tokens?\b/i },
  {
    write: 'store unavailable, degraded',
    not: /\bunwell\b|\bbad stores?\b|\bstores? (that )?(is|are|was|being) (away|not well|in trouble)\b|\bin trouble\b/i,
  },
  {
    write: 'not supported',
    not: /(?<!\b(if|when|where|while|because) )\bthere is none\b|\b(has|have) no such thing\b/i,
  },
  { write: 'requires, must, can, cannot', not: /(?<!\bwho )\bwants\b|\b(is|are) to be\b/i },
  { write: 'invalid lifetime', not: /\blifetimes? (that|may|which) lies?\b/i },
  { write: 'for example, such as', not: /, say[,:]|\(say[,:]? |\bas, say\b/i },
  { write: 'layer, foreign', not: /\b(the|three) rooms\b|\bstrangers?\b/i },
  { write: 'the condition or the subject by its name', not: /\btaken at (its|their) word\b|\bis yours to\b/i },
]
