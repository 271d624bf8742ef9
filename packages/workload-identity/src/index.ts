// The public names. What is not here is not public.
export { type AzureManagedIdentityOptions, azureManagedIdentity } from './azure-managed-identity.ts'
export type { Environment } from './environment.ts'
export { type FileVariable, fromFile } from './from-file.ts'
export { type GithubActionsOptions, githubActions } from './github-actions.ts'
export { type GitlabOptions, gitlab } from './gitlab.ts'
export { type GoogleMetadataOptions, googleMetadata } from './google-metadata.ts'
export { type VercelOptions, vercel } from './vercel.ts'
