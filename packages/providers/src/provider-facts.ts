/** Where a provider's description comes from. */
export interface ProviderFacts {
  /** The URL of the vendor's documentation. */
  readonly page: string
  /** The day on which the page, or a stored copy of it, was read, in ISO format. */
  readonly checked: string
  /**
   * What the page says about the token response: a sample (`'documented'`), its fields without a complete sample (`'shape only'`),
   * or nothing (`'not documented'`).
   */
  readonly answer: 'documented' | 'shape only' | 'not documented'
}
