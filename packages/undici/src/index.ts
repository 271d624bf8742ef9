// The public API: names that are missing here are internal.
export { type NightlatchInterceptorOptions, nightlatchInterceptor } from './interceptor.ts'
