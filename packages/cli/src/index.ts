export { type ClientConfiguration, type Configuration, defineConfig } from './configuration.ts'
