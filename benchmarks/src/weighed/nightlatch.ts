export { createClient } from '@nightlatch/core'
export { prevu3d } from '@nightlatch/prevu3d'
