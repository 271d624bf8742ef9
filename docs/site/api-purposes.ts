/** What the exports of a package are for, in the order of its page in the API reference, and the guide to each purpose. */

export interface Purpose {
  readonly title: string
  /** A page from `docs`, with an anchor if one section is the guide. */
  readonly guide: string
  readonly names: readonly string[]
}

/** The guide to each package: from `docs`, or else the page of the package's name. */
const guides: Readonly<Record<string, string>> = {
  hexagon: 'providers/hexagon.md',
  prevu3d: 'providers/prevu3d.md',
  gateway: 'gateway.md',
}

export function guideOf(slug: string): string {
  return guides[slug] ?? `${slug}.md`
}

/** What is not listed stands below `Types` or `Functions`. */
export const purposes: Readonly<Record<string, readonly Purpose[]>> = {
  core: [
    {
      title: 'Create a client',
      guide: 'core.md',
      names: [
        'createClient',
        'ClientOptions',
        'Client',
        'createClientPool',
        'ClientPoolOptions',
        'ClientPool',
        'ViewOptions',
        'Fetch',
      ],
    },
    {
      title: 'Get tokens, and send them',
      guide: 'life-of-a-token.md',
      names: [
        'AccessToken',
        'TokenStatus',
        'TokenOptions',
        'TokenParameters',
        'AuthorizeOptions',
        'Authorization',
        'RepeatOptions',
        'Authorize',
        'ApiResponse',
      ],
    },
    {
      title: 'Provide credentials',
      guide: 'credentials.md',
      names: ['Credentials', 'clientSecretOf', 'importPrivateKey', 'AssertionSource'],
    },
    {
      title: 'Authenticate the client',
      guide: 'core.md',
      names: [
        'clientSecretBasic',
        'clientSecretPost',
        'clientSecretJwt',
        'privateKeyJwt',
        'JwtAuthenticationOptions',
        'clientAssertion',
        'jwtBearerGrant',
        'ClientAssertionOptions',
        'tlsClientAuth',
        'none',
        'ClientAuthentication',
      ],
    },
    {
      title: 'Share tokens',
      guide: 'sharing.md',
      names: ['memoryStore', 'TokenStore', 'StoredToken', 'StoreLock', 'StoreOperation', 'areEqualTokens'],
    },
    {
      title: 'Handle errors',
      guide: 'errors.md',
      names: ['NightlatchError', 'ErrorCode', 'NightlatchErrorDetails', 'Failure'],
    },
    {
      title: 'Observe',
      guide: 'events.md',
      names: [
        'ClientEvent',
        'TokenGrantedEvent',
        'TokenServedEvent',
        'GrantRetriedEvent',
        'GrantFailedEvent',
        'RequestRepeatedEvent',
        'OriginRefusedEvent',
        'ApiDiscoveredEvent',
        'DiscoveryFailedEvent',
        'StoreFailedEvent',
        'StoreRecoveredEvent',
        'GrantTrace',
        'DiscoveryTrace',
        'StoreTrace',
      ],
    },
    {
      title: 'Describe a provider',
      guide: 'adding-a-provider.md',
      names: [
        'Provider',
        'TokenRequestFormat',
        'TokenRequestDraft',
        'TokenAnswer',
        'TokenFields',
        'TokenRejection',
        'IssuerMetadataTerms',
        'DiscoveryContext',
        'DiscoveredApi',
        'readStandardTokenResponse',
        'readPath',
        'secondsFromMilliseconds',
        'dateFromIso',
        'dateFromHttpDate',
        'dateFromEpochSeconds',
        'dateFromEpochMilliseconds',
      ],
    },
    {
      title: 'Check the options of a provider',
      guide: 'adding-a-provider.md',
      names: ['hostName', 'hostLabel', 'pathSegment', 'findUnknownOptions', 'findNearestName'],
    },
    {
      title: 'Follow what a server names',
      guide: 'issuers.md',
      names: ['findNamedUrlMistake', 'isLoopback', 'readBodyText'],
    },
    {
      title: 'Explain a network failure',
      guide: 'errors.md#errors-of-the-network',
      names: ['readNetworkFailure', 'NetworkFailure', 'explainNetworkFailure', 'NetworkFailureWords'],
    },
  ],
  testing: [
    {
      title: 'Emulate a provider',
      guide: 'testing.md',
      names: [
        'startEmulator',
        'EmulatorOptions',
        'Emulator',
        'prevu3dEmulation',
        'Prevu3dEmulationOptions',
        'smartCompletionsEmulation',
        'SmartCompletionsEmulationOptions',
        'standardEmulation',
        'StandardEmulationOptions',
        'RecordedRequest',
      ],
    },
    { title: 'Make faults', guide: 'testing.md', names: ['Faults', 'Fault', 'FaultOptions', 'RotationOptions'] },
    { title: 'Set the time', guide: 'testing.md', names: ['createClock', 'Clock'] },
    {
      title: 'Check a provider',
      guide: 'testing.md',
      names: ['testProvider', 'ProviderSuite', 'DocumentedRequest', 'DocumentedGrant', 'DocumentedRefusal'],
    },
    { title: 'Check a token store', guide: 'testing.md', names: ['testTokenStore', 'TokenStoreSuite'] },
  ],
  'workload-identity': [
    {
      title: 'Read a JWT from a file',
      guide: 'workload-identity.md',
      names: ['fromFile', 'FileVariable', 'Environment'],
    },
    {
      title: 'Get a JWT from a platform',
      guide: 'workload-identity.md',
      names: [
        'githubActions',
        'GithubActionsOptions',
        'gitlab',
        'GitlabOptions',
        'vercel',
        'VercelOptions',
        'googleMetadata',
        'GoogleMetadataOptions',
        'azureManagedIdentity',
        'AzureManagedIdentityOptions',
      ],
    },
  ],
}
