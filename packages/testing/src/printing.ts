/**
 * Redacts objects that a failing test prints. A client under test may use real credentials, and a build server's logs keep
 * the output.
 */

const hidden = '[redacted]'

/** Makes `target` print, inspect and serialise as the result of `describe`; its fields stay unchanged. */
export function printAs<Target extends object>(target: Target, describe: () => unknown): Target {
  // Not enumerable, so that copies and comparisons include only the object's own fields.
  Object.defineProperty(target, 'toJSON', { value: describe })
  Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), { value: describe })
  return target
}

/** Redacts known secrets, in each encoding used on the wire, and everything that looks like a JWT. */
function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)]) {
      if (form !== '') shown = shown.replaceAll(form, hidden)
    }
  }
  return shown.replace(/eyJ[\w.-]+/g, hidden)
}

export function describeHeaders(headers: Headers, secrets: readonly string[]): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of headers) {
    // The scheme stays visible, because tests check its spelling.
    shown[name] = /^(?:proxy-)?authorization$/.test(name)
      ? `${/^\S+ /.exec(value)?.[0] ?? ''}${hidden}`
      : /cookie|dpop|secret|token|key/.test(name)
        ? hidden
        : hideSecrets(value, secrets)
  }
  return shown
}

export function describeParameters(parameters: URLSearchParams, secrets: readonly string[]): string {
  const shown = [...parameters].map(([name, value]) =>
    /secret|token|assertion$|password|code|key|sig/i.test(name)
      ? `${hideSecrets(name, secrets)}=${hidden}`
      : `${hideSecrets(name, secrets)}=${hideSecrets(value, secrets)}`,
  )
  return shown.join('&')
}
