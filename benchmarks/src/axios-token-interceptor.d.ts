/** Declarations for a package without types. */
declare module 'axios-token-interceptor' {
  import type { InternalAxiosRequestConfig } from 'axios'

  interface TokenInterceptor {
    <Token>(options: {
      readonly getToken: () => Promise<Token>
      readonly headerFormatter: (token: Token) => string
    }): (config: InternalAxiosRequestConfig) => Promise<InternalAxiosRequestConfig>
    tokenCache<Token>(
      getToken: () => Promise<Token>,
      options: { readonly getMaxAge: (token: Token) => number },
    ): () => Promise<Token>
  }

  const tokenInterceptor: TokenInterceptor
  export = tokenInterceptor
}
