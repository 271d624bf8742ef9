import type { Answer, Fault } from './faults.ts'
import type { Part, RecordedRequest } from './recorded-request.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** A provider to emulate, made by `prevu3dEmulation`, `smartCompletionsEmulation` or `standardEmulation`; `Offers` is what its emulator has beyond every emulator's own. */
export interface Emulation<Offers extends object = object> {
  readonly name: string
  /** Names of further origins, each a server of its own: a real provider's API is not where its tokens come from. */
  readonly otherOrigins: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Puts the emulation together once its servers listen; for `startEmulator` to call. */
  build(site: Site): Promise<Assembly<Offers>>
}

/** Where an emulation finds itself once its servers listen. */
export interface Site {
  /** The first origin, as `http://127.0.0.1:1234`. */
  readonly url: string
  /** The origin of one of `otherOrigins`. */
  origin(name: string): string
}

/** An emulation put together. */
export interface Assembly<Offers extends object> {
  readonly routes: readonly Route[]
  readonly tokens: TokenIssuer
  /** What must not be printed. */
  readonly secrets: () => readonly string[]
  /** Becomes part of the emulator; accessors stay accessors. */
  readonly offers: Offers
}

/** One address of an emulation. */
export interface Route {
  /** The origin that has it. */
  readonly origin: string
  /** `undefined`: any. */
  readonly method?: string
  /** Matches the whole path; its groups are handed to `answer`. */
  readonly path: RegExp
  /** What faults must be aimed at to hit this; `undefined`: none does. */
  readonly part?: Part
  /** The faults that `answer` shows by itself. */
  readonly shows?: readonly ('revoked' | 'wrongRegion')[]
  answer(request: RecordedRequest, context: RouteContext): Answer | Promise<Answer>
}

interface RouteContext {
  readonly groups: readonly string[]
  /** One of those that the route shows, where it is set. */
  readonly fault: Fault | undefined
}

/** A regular expression's source that matches the given text. */
export function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/** Matches one path and no other. */
export function exactly(path: string): RegExp {
  return new RegExp(`^${literally(path)}$`)
}
