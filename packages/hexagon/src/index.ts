export { type AuthorizationServerAddress, type SmartApiOptions, smartApi } from './smart-api.ts'
export { type SmartCompletionsOptions, smartCompletions } from './smart-completions.ts'
