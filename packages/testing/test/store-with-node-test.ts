/** Run by node:test itself, from test-token-store.test.ts. */
import { describe, it } from 'node:test'
import { memoryStore } from '@nightlatch/core'
import { testTokenStore } from '../src/index.ts'

const store = memoryStore()
testTokenStore(() => store, { describe, it, shortLife: 0.2 })
