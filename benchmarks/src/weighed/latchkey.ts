export { createClient } from '@latchkey/core'
export { prevu3d } from '@latchkey/prevu3d'
