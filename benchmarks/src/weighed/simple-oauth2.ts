export { ClientCredentials } from 'simple-oauth2'
