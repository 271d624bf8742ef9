import { salesforce } from '../../src/salesforce.ts'
import { bearer, type DocumentedEndpoint, form, grant, posted } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'form',
  odd: "The response has no lifetime: set `defaultLifetime` to what your org allows. It names the API's base URL.",
  provider: salesforce({ myDomain: 'instance-name' }),
  request: {
    method: 'POST',
    url: 'https://instance-name.my.salesforce.com/services/oauth2/token',
    headers: { 'content-type': form },
    body: `${grant}&${posted}`,
  },
  answer: {
    body: {
      access_token: '00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7',
      signature: 'nUFHwtfIGLKDTHcLWmDBG8frv0t+HQGl/iCZFIQUarE=',
      token_format: 'opaque',
      instance_url: 'https://instance-name.my.salesforce.com',
      id: 'https://login.salesforce.com/id/00Dd000000XXXXXXX/005d000000XXXXX',
      token_type: 'Bearer',
      issued_at: '1758210923104',
    },
  },
  token: {
    value: '00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7',
    lifetime: undefined,
  },
  api: {
    url: 'https://instance-name.my.salesforce.com/services/data/v62.0/limits',
    headers: bearer('00DS7000000oxzo!AR8AQPXAhJNveaXDdPzbrtXqPykdVxBxtbLycpiyPmKyJm0Ku8gKKztulObJ1dhJU8Jt9W8k7'),
  },
  otherPages: ['https://help.salesforce.com/apex/HTViewHelpDoc?id=service.conversation_transcript_api_sample1.htm'],
}
