export {
  ClientSecretBasic,
  clientCredentialsGrantRequest,
  processClientCredentialsResponse,
  protectedResourceRequest,
} from 'oauth4webapi'
