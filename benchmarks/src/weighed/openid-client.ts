export { ClientSecretBasic, Configuration, clientCredentialsGrant, fetchProtectedResource } from 'openid-client'
