// The public names. What is not here is not public.
export { type LatchkeyInterceptorOptions, latchkeyInterceptor } from './interceptor.ts'
