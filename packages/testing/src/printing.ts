/**
 * What a failing test prints of objects that hold secrets. The secrets here are a test's own, but a client under test may
 * have been given real ones, and what a test prints ends up in the logs of a build server.
 */

const hidden = '[redacted]'

/** Makes `target` print, inspect and serialise as what `describe` returns; the object's own fields stay as they are. */
export function printAs<Target extends object>(target: Target, describe: () => unknown): Target {
  // Not enumerable, so that a copy by spreading is a plain object and comparing by fields sees the fields alone.
  Object.defineProperty(target, 'toJSON', { value: describe })
  Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), { value: describe })
  return target
}

/** Leaves out of a text what is known to be secret, in each form it takes on the wire, and whatever looks like a JWT. */
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
    // Of credentials the scheme is worth seeing: 'basic', or a missing space, is what a test looks for.
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
