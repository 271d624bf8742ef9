/** nginx and haproxy with one worker each, where the programs are installed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram, freePort, isResponding, onPath, start } from '../../../tools/src/installed-program.ts'
import type { StartProxy, Target } from './target.ts'

interface NativeProxy {
  readonly program: string
  configuration(target: Target, port: number, folder: string): string
  parameters(file: string, folder: string): readonly string[]
}

const programs: Readonly<Record<string, NativeProxy>> = {
  nginx: {
    program: 'nginx',
    configuration: ({ origin, authorization }, port, folder) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 10000000;
  upstream api { server ${new URL(origin).host}; keepalive 128; keepalive_requests 10000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Authorization "${authorization}";
    }
  }
}
`,
    parameters: (file, folder) => ['-e', `${folder}/error.log`, '-c', file],
  },
  haproxy: {
    program: 'haproxy',
    configuration: ({ origin, authorization }, port) => `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend callers
  bind 127.0.0.1:${port}
  default_backend api
backend api
  http-request set-header Authorization "${authorization}"
  http-reuse always
  server api ${new URL(origin).host}
`,
    parameters: (file) => ['-db', '-f', file],
  },
}

/** The names of the proxies. */
export const nativeProxies: readonly string[] = Object.keys(programs)

/** Starts one of the proxies, with its files in a temporary folder. */
export function startNativeProxy(name: string): StartProxy {
  return async (target) => {
    const native = programs[name]
    const program = native && findProgram(...onPath(native.program))
    if (native === undefined || program === undefined) return undefined
    const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`))
    const port = await freePort()
    const file = join(folder, `${name}.conf`)
    writeFileSync(file, native.configuration(target, port, folder))
    const apiUrl = `http://127.0.0.1:${port}/api`
    const running = await start(program, native.parameters(file, folder), {}, () => isResponding(`${apiUrl}/x`))
    return {
      apiUrl,
      headers: {},
      processes: () => [running.pid, ...childrenOf(running.pid)],
      async stop() {
        await running[Symbol.asyncDispose]()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
