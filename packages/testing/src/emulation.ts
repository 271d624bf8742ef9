import type { Answer, Fault } from './faults.ts'
import type { Part, RecordedRequest } from './recorded-request.ts'
import type { TokenIssuer } from './token-issuer.ts'

/**
 * A provider to emulate, created by `prevu3dEmulation`, `smartCompletionsEmulation` or `standardEmulation`; `Offers` are
 * the members that it adds to its emulator.
 */
export interface Emulation<Offers extends object = object> {
  readonly name: string
  /**
   * Names of additional origins, each with its own server, because a real provider's API is not at its token endpoint's
   * origin.
   */
  readonly otherOrigins: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Builds the emulation once its servers listen; called by `startEmulator`. */
  build(site: Site): Promise<Assembly<Offers>>
}

/** The addresses of an emulation whose servers listen. */
export interface Site {
  /** The first origin, for example `http://127.0.0.1:1234`. */
  readonly url: string
  /** The origin of one of `otherOrigins`. */
  origin(name: string): string
}

/** A built emulation. */
export interface Assembly<Offers extends object> {
  readonly routes: readonly Route[]
  readonly tokens: TokenIssuer
  /** The secrets to redact when requests are printed. */
  readonly secrets: () => readonly string[]
  /** Members to add to the emulator; accessors stay accessors. */
  readonly offers: Offers
}

/** One route of an emulation. */
export interface Route {
  /** The origin that serves the route. */
  readonly origin: string
  /** Default: any method. */
  readonly method?: string
  /** Matches the whole path; `answer` receives its groups. */
  readonly path: RegExp
  /** The part whose faults affect the route; default: no faults do. */
  readonly part?: Part
  /** The faults that `answer` implements itself. */
  readonly shows?: readonly ('revoked' | 'wrongRegion')[]
  answer(request: RecordedRequest, context: RouteContext): Answer | Promise<Answer>
}

interface RouteContext {
  readonly groups: readonly string[]
  /** The current fault, if it is one that the route implements itself. */
  readonly fault: Fault | undefined
}

/** Escapes a text for use in a regular expression. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Creates an expression that matches exactly one path. */
export function pathPattern(path: string): RegExp {
  return new RegExp(`^${escapePattern(path)}$`)
}
