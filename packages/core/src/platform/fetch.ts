/** The `fetch` of the Fetch standard, without what a runtime adds to its own, such as `preconnect` in Bun. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>
