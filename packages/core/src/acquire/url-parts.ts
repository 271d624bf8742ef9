import { NightlatchError } from '../errors.ts'

/**
 * One label of a host name, checked: what stands between two dots. A tenant pasted into `https://${tenant}.acme.test` without
 * this check can send the secret elsewhere (rule P4).
 *
 * @param value 1 to 63 letters, digits and hyphens of ASCII, no hyphen at either end, no `xn--` in front
 * @param role what the value is, for the message: `'tenant'`, `'region'`
 * @returns the value, as it was given
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 * @see {@link https://www.rfc-editor.org/rfc/rfc1123#section-2.1 RFC 1123 section 2.1}
 */
export function hostLabel(value: string, role: string): string {
  const mistake = findLabelMistake(checkText(value, role))
  if (mistake !== undefined) throw refuse(role, `${mistake}; it becomes one label of a host name`)
  return value
}

/**
 * A whole host name, checked: labels joined by dots, without scheme, port, path or anything else (rule P4). For vendors
 * whose customers choose the host.
 *
 * @param value 253 characters at most; each label as {@link hostLabel} wants it; no IP address
 * @param role what the value is, for the message: `'domain'`
 * @returns the value, as it was given
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 */
export function hostName(value: string, role: string): string {
  const labels = checkText(value, role).split('.')
  const mistake = labels.map(findLabelMistake).find((one) => one !== undefined)
  if (mistake !== undefined) {
    throw refuse(role, `must be a host name such as login.example.com, and no more: each label ${mistake}`)
  }
  if (value.length > 253) throw refuse(role, 'must be 253 characters at most; it becomes a host name')
  // A URL parser takes a host whose last label begins like a number for an IPv4 address, in whatever spelling.
  if (/^\d/.test(labels.at(-1) ?? '')) throw refuse(role, 'must be a name, not an IP address')
  return value
}

/**
 * One segment of a path, checked and percent-encoded: what stands between two slashes (rule P4).
 *
 * @param value 1 to 255 characters; no `/ \ ? # %`, control or invisible characters, nor what Unicode normalises to one; not
 * `.` or `..`; no white space at either end
 * @param role what the value is, for the message: `'tenant'`, `'realm'`
 * @returns the value as it stands in a URL
 * @throws NightlatchError `invalid_options`, naming the role and never the value
 * @see {@link https://www.rfc-editor.org/rfc/rfc3986#section-3.3 RFC 3986 section 3.3}
 */
export function pathSegment(value: string, role: string): string {
  const text = checkText(value, role)
  // What looks like a slash or a dot may become one where a server normalises.
  const plain = text.normalize('NFKC')
  const mistake =
    text.length > 255
      ? 'must be 255 characters at most'
      : /[/\\?#%]/.test(plain)
        ? 'must not hold / \\ ? # or %; give it as it is, not percent-encoded'
        : /[\p{Cc}\p{Cf}\p{Cs}]/u.test(text)
          ? 'must not hold control characters, invisible characters or half a character'
          : text !== text.trim()
            ? 'must not begin or end with white space; trim it'
            : /^\.+$/.test(plain)
              ? 'must not be made of dots alone'
              : undefined
  if (mistake !== undefined) throw refuse(role, `${mistake}; it becomes one segment of a path`)
  return encodeURIComponent(text)
}

/** What keeps a text from being a label, in words. */
function findLabelMistake(label: string): string | undefined {
  if (label === '') return 'must not be empty'
  if (label.length > 63) return 'must be 63 characters at most'
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(label)) {
    return 'must be letters (a to z), digits and hyphens, with no hyphen at either end'
  }
  // Punycode shows as other letters than it is made of.
  return /^xn--/i.test(label) ? 'must not begin with xn--' : undefined
}

/** A value from JavaScript or the environment: `undefined` in a template would be the text "undefined". */
function checkText(value: unknown, role: string): string {
  if (typeof value !== 'string') {
    throw refuse(role, 'must be a string (if it comes from an environment variable, is that set?)')
  }
  if (value === '') throw refuse(role, 'must not be empty')
  return value
}

function refuse(role: string, why: string): NightlatchError {
  return new NightlatchError('invalid_options', `${role} ${why}`)
}
