/** One option of a provider, as data: for command lines, configuration files and their checks. */
export interface OptionDescription {
  /** `'url'` is an absolute http or https URL, `'strings'` is an array. */
  readonly type: 'string' | 'strings' | 'url' | 'boolean'
  readonly required: boolean
  /** The only accepted values of a string; default any. */
  readonly choices?: readonly string[]
  /** The value must appear in no output and in no list of processes. */
  readonly isSecret?: true
  /** What the option holds and its default, in a few words. */
  readonly description: string
}

/** Every option of a provider by its name; a required option of `Options` is required here. */
export type OptionDescriptions<Options> = {
  readonly [Name in keyof Options]-?: OptionDescription & {
    readonly required: undefined extends Options[Name] ? false : true
  }
}
