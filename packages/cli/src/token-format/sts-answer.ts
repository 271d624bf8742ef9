/** Temporary credentials, named as `credential_process` names them. */
export interface AwsCredentials {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly SessionToken: string
  /** By ISO 8601. */
  readonly Expiration: string
}

/** Reads the credentials of AWS's Security Token Service from its XML; `undefined` if one of the four is missing. */
export function findCredentials(xml: string): AwsCredentials | undefined {
  const credentials = findElement(xml, 'Credentials')
  const [AccessKeyId, SecretAccessKey, SessionToken, Expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => findElement(credentials ?? '', name))
  if (AccessKeyId === undefined || SecretAccessKey === undefined) return undefined
  if (SessionToken === undefined || Expiration === undefined) return undefined
  return { AccessKeyId, SecretAccessKey, SessionToken, Expiration }
}

/** Reads code and message of an error of AWS. */
export function findError(xml: string): { readonly code: string | undefined; readonly message: string | undefined } {
  const error = findElement(xml, 'Error') ?? ''
  return { code: findElement(error, 'Code'), message: findElement(error, 'Message') }
}

/** The content of the first element of a name. AWS's elements have no attributes, and none holds another of its own name. */
function findElement(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`)
  const end = xml.indexOf(`</${name}>`, start)
  if (start < 0 || end < 0) return undefined
  const text = xml.slice(start + name.length + 2, end).trim()
  return text.includes('<')
    ? text
    : text.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity] ?? '')
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
