import { resolve } from 'node:path'
import { isObject } from './value-checks.ts'

/**
 * Makes the paths in a configuration absolute: those of secrets, TLS files and sockets. Everything else is kept, also what is
 * wrong.
 *
 * @param folder the folder of the configuration file
 */
export function withAbsolutePaths(content: unknown, folder: string): unknown {
  if (!isObject(content)) return content
  const file = (value: unknown): unknown =>
    isObject(value) && typeof value.file === 'string' ? { ...value, file: resolve(folder, value.file) } : value
  const address = (value: unknown): unknown => {
    if (!isObject(value)) return value
    const { socket, tls } = value
    return {
      ...value,
      ...(typeof socket === 'string' && { socket: resolve(folder, socket) }),
      ...(isObject(tls) && { tls: mapMembers(tls, file) }),
    }
  }
  const client = (value: unknown): unknown =>
    isObject(value) && isObject(value.credentials)
      ? { ...value, credentials: mapMembers(value.credentials, file) }
      : value
  const { clients, store, listen, admin } = content
  return {
    ...content,
    ...(isObject(clients) && { clients: mapMembers(clients, client) }),
    // A store of the core's interface has no paths, and its methods may be inherited.
    ...(isObject(store) && typeof store.get !== 'function' && { store: withStorePaths(store, file) }),
    ...(Array.isArray(listen) && { listen: listen.map(address) }),
    ...(admin !== undefined && { admin: address(admin) }),
  }
}

function withStorePaths(store: Readonly<Record<string, unknown>>, file: (value: unknown) => unknown): unknown {
  const { redis, encryptionKeys } = store
  return {
    ...store,
    ...(redis !== undefined && { redis: file(redis) }),
    ...(Array.isArray(encryptionKeys) && { encryptionKeys: encryptionKeys.map(file) }),
  }
}

function mapMembers(
  members: Readonly<Record<string, unknown>>,
  map: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, map(value)]))
}
