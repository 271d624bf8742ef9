export { default as axios } from 'axios'
export { clientCredentials } from 'axios-oauth-client'
export { default as tokenInterceptor } from 'axios-token-interceptor'
