import { NightlatchError } from '../errors.ts'

/**
 * Checks one label of a host name, the part between two dots. Without this check, a tenant in `https://${tenant}.acme.test` could
 * send the secret to another server.
 *
 * @param value 1 to 63 ASCII letters, digits and hyphens, without a hyphen at either end or a leading `xn--`
 * @param role the value's name in messages, such as `'tenant'` or `'region'`
 * @returns the value, unchanged
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 * @example
 * ```ts
 * function acmeOf(tenant: string): Provider {
 *   return { name: 'acme', tokenEndpoint: `https://${hostLabel(tenant, 'tenant')}.login.acme.example/token` }
 * }
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc1123#section-2.1 RFC 1123 section 2.1}
 */
export function hostLabel(value: string, role: string): string {
  const mistake = findLabelMistake(checkText(value, role))
  if (mistake !== undefined) throw refuse(role, `${mistake}; it becomes one label of a host name`)
  return value
}

/**
 * Checks a whole host name, for vendors whose customers choose the host.
 *
 * @param value at most 253 characters; labels that {@link hostLabel} accepts, joined by dots; not an IP address
 * @param role the value's name in messages, such as `'domain'`
 * @returns the value, unchanged
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 * @example
 * ```ts
 * function acmeOf(domain: string): Provider {
 *   return { name: 'acme', tokenEndpoint: `https://${hostName(domain, 'domain')}/oauth2/token` }
 * }
 * ```
 */
export function hostName(value: string, role: string): string {
  const labels = checkText(value, role).split('.')
  const mistake = labels.map(findLabelMistake).find((one) => one !== undefined)
  if (mistake !== undefined) {
    throw refuse(role, `must be only a host name such as login.example.com: each label ${mistake}`)
  }
  if (value.length > 253) throw refuse(role, 'must have at most 253 characters; it becomes a host name')
  // A URL parser may read a host whose last label begins with a digit, such as `0x7f`, as an IPv4 address.
  if (/^\d/.test(String(labels.at(-1)))) throw refuse(role, 'must be a name, not an IP address')
  return value
}

/**
 * Checks and percent-encodes one segment of a path, the part between two slashes.
 *
 * @param value 1 to 255 characters, without `/ \ ? # %`, control or invisible characters, or characters that Unicode normalises to
 * these; not only dots; no white space at either end
 * @param role the value's name in messages, such as `'tenant'` or `'realm'`
 * @returns the percent-encoded value
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 * @example
 * ```ts
 * function acmeOf(realm: string): Provider {
 *   return { name: 'acme', tokenEndpoint: `https://login.acme.example/${pathSegment(realm, 'realm')}/token` }
 * }
 * ```
 * @see {@link https://www.rfc-editor.org/rfc/rfc3986#section-3.3 RFC 3986 section 3.3}
 */
export function pathSegment(value: string, role: string): string {
  const text = checkText(value, role)
  // A server that normalises Unicode could turn a look-alike into a slash or a dot.
  const plain = text.normalize('NFKC')
  const mistake =
    text.length > 255
      ? 'must have at most 255 characters'
      : /[/\\?#%]/.test(plain)
        ? 'must not contain / \\ ? # or %; it must not be percent-encoded yet'
        : /[\p{Cc}\p{Cf}\p{Cs}]/u.test(text)
          ? 'must not contain control characters, invisible characters or half a character'
          : text !== text.trim()
            ? 'must not begin or end with white space; trim it'
            : /^\.+$/.test(plain)
              ? 'must not consist of dots only'
              : undefined
  if (mistake !== undefined) throw refuse(role, `${mistake}; it becomes one segment of a path`)
  return encodeURIComponent(text)
}

/** Finds why a text cannot be a label, as text for a message. */
function findLabelMistake(label: string): string | undefined {
  if (label === '') return 'must not be empty'
  if (label.length > 63) return 'must have at most 63 characters'
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(label)) {
    return 'must be letters (a to z), digits and hyphens, with no hyphen at either end'
  }
  // Punycode is displayed as other characters, so it can imitate another host.
  return /^xn--/i.test(label) ? 'must not begin with xn--' : undefined
}

/** Checks that a value is a non-empty string, because `undefined` in a template would become the text "undefined". */
function checkText(value: unknown, role: string): string {
  if (typeof value !== 'string') {
    throw refuse(role, 'must be a string (if it comes from an environment variable, check that it is set)')
  }
  if (value === '') throw refuse(role, 'must not be empty')
  return value
}

function refuse(role: string, why: string): NightlatchError {
  return new NightlatchError('invalid_options', `${role} ${why}`)
}
