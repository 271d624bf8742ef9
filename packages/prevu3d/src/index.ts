export type { Prevu3dInfo } from './api-info.ts'
export { type Prevu3dOptions, prevu3d } from './provider.ts'
