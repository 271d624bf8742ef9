import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('../../../../docs/redis.md', import.meta.url), 'utf8')

/** The rights that the documentation gives the user of a store, word for word. */
export const documentedRights: string = /^ACL SETUSER nightlatch on >\S+ (.*)$/m.exec(page)?.[1] ?? ''

/** Makes a user that has these rights and no others. */
export async function addUser(
  send: (command: string, ...parameters: string[]) => Promise<unknown>,
  rights: string,
): Promise<{ readonly username: string; readonly password: string }> {
  const [username, password] = ['nightlatch', 'tidy-mouse']
  await send('ACL', 'SETUSER', username, 'reset', 'on', `>${password}`, ...rights.split(' '))
  return { username, password }
}
