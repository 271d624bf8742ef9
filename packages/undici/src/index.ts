// The public names. What is not here is not public.
export { type NightlatchInterceptorOptions, nightlatchInterceptor } from './interceptor.ts'
