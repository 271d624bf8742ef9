// The core imports these modules with the first call that needs them. Here they are imported before the tests, because Vitest takes
// longer than Node to load a module, and a test's short timeout would pass meanwhile.
import '../src/acquire/acquire-token.ts'
import '../src/acquire/dpop-handle.ts'
import '../src/acquire/issuer-metadata.ts'
import '../src/acquire/revoke-token.ts'
import '../src/cache/token-sharing.ts'
