import { databricks } from '../../src/databricks.ts'
import { basic, bearer, type DocumentedEndpoint, form, grant } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'Basic, raw',
  odd: 'The workspace has its own token endpoint. The scope is always `all-apis`.',
  provider: databricks({ workspace: 'dbc-a1b2345c-d6e7.cloud.databricks.com' }),
  request: {
    method: 'POST',
    url: 'https://dbc-a1b2345c-d6e7.cloud.databricks.com/oidc/v1/token',
    headers: { authorization: basic, 'content-type': form },
    body: `${grant}&scope=all-apis`,
  },
  // The vendor's page lacks the sample response: this one has the documented lifetime of one hour.
  answer: { body: { access_token: 'eyJraWQiOiJkYTA4', token_type: 'Bearer', expires_in: 3600 } },
  token: { value: 'eyJraWQiOiJkYTA4', lifetime: 3600, scopes: ['all-apis'] },
  api: {
    url: 'https://dbc-a1b2345c-d6e7.cloud.databricks.com/api/2.0/workspace/export?path=/notebook',
    headers: bearer('eyJraWQiOiJkYTA4'),
  },
  otherPages: [
    'https://docs.databricks.com/aws/en/dev-tools/auth/oauth-authorization-details',
    'https://github.com/databricks/databricks-sdk-py/blob/main/databricks/sdk/mixins/workspace.py',
  ],
}
