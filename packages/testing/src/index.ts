// Starting an emulator

export type { Emulation } from './emulation.ts'
export { type Emulator, type EmulatorOptions, startEmulator } from './start-emulator.ts'

// Emulated providers

export {
  type Prevu3dEmulationOptions,
  type Prevu3dEmulator,
  type Prevu3dNode,
  type Prevu3dOffers,
  type Prevu3dRegion,
  prevu3dEmulation,
} from './prevu3d.ts'
export type { BasicEncoding, EmulatedCredentials, RotationOptions } from './registered-client.ts'
export {
  type SmartCompletionsEmulationOptions,
  type SmartCompletionsEmulator,
  type SmartCompletionsOffers,
  type SmartCompletionsProject,
  smartCompletionsEmulation,
} from './smart-completions.ts'
export {
  type EmulatedGrant,
  type EmulatedRefusal,
  type IssueToken,
  type StandardEmulationOptions,
  type StandardEmulator,
  type StandardOffers,
  standardEmulation,
} from './standard.ts'
export type { EmulatedTokenRequest } from './token-request.ts'

// Recorded requests and faults

export type { Answer, Fault, FaultOptions, Faults } from './faults.ts'
export type { Part, RecordedRequest } from './recorded-request.ts'

// Conformance suites

export type {
  DocumentedGrant,
  DocumentedRefusal,
  DocumentedRequest,
  ProviderOffers,
  ProviderSuite,
} from './provider-suite/provider-suite.ts'
export type { TokenStoreSuite } from './store-suite/token-store-suite.ts'
export { testProvider } from './test-provider.ts'
export { testTokenStore } from './test-token-store.ts'

// Time

export { type Clock, createClock } from './clock.ts'
