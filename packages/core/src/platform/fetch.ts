/** The `fetch` of the Fetch standard, without a runtime's own additions, such as `preconnect` in Bun. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>
