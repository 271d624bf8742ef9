import { wechat } from '../../src/wechat.ts'
import { clientId, clientSecret, type DocumentedEndpoint } from '../documented-endpoint.ts'

export const documented: DocumentedEndpoint = {
  authentication: 'query, as `appid` and `secret`',
  odd: 'GET, with `client_credential`. Errors come with status 200; -1 means "try again later". A new token revokes the one before. The API takes the token only in the query.',
  provider: wechat(),
  request: {
    method: 'GET',
    url: `https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential&appid=${clientId}&secret=${clientSecret}`,
    headers: {},
  },
  answer: { body: { access_token: 'ACCESS_TOKEN', expires_in: 7200 } },
  token: { value: 'ACCESS_TOKEN', lifetime: 7200 },
  refusal: { body: { errcode: 40013, errmsg: 'invalid appid' }, error: '40013', errorDescription: 'invalid appid' },
  emulation: { onlyLatestToken: true },
  otherPages: ['https://developers.weixin.qq.com/doc/channels/api/basic/api_getaccesstoken.html?lang=en'],
}
