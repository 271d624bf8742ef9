export { OAuth2Client } from 'google-auth-library'
