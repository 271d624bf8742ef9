/** The package names the program's path, and no types. */
declare module 'workerd' {
  const path: string
  export = path
}
