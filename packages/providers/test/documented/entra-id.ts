import { entraId } from '../../src/entra-id.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: 'The scope is a resource with `/.default` appended. Error descriptions have several lines.',
  provider: entraId({ tenant: 'a8990e1f-ff32-408a-9f8e-78d3b9139b95' }),
  request: {
    method: 'POST',
    url: 'https://login.microsoftonline.com/a8990e1f-ff32-408a-9f8e-78d3b9139b95/oauth2/v2.0/token',
    headers: { 'content-type': form },
    body: `${grant}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&${posted}`,
  },
  answer: {
    body: {
      token_type: 'Bearer',
      expires_in: 3599,
      access_token: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...',
    },
  },
  token: {
    value: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...',
    lifetime: 3599,
    scopes: ['https://graph.microsoft.com/.default'],
  },
  api: {
    url: 'https://graph.microsoft.com/v1.0/users',
    headers: bearer('eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6Ik1uQ19WWmNBVGZNNXBP...'),
  },
  refusal: {
    status: 400,
    body: {
      error: 'invalid_scope',
      error_description:
        "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope https://foo.microsoft.com/.default is not valid.\r\nTrace ID: 255d1aef-8c98-452f-ac51-23d051240864",
      error_codes: [70011],
    },
    error: 'invalid_scope',
    errorDescription:
      "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope https://foo.microsoft.com/.default is not valid. Trace ID: 255d1aef-8c98-452f-ac51-23d051240864",
  },
}
