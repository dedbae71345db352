// Nabz as it runs in production: compiled, in a process of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/dev/free-port.ts'
import { ask, type Statement } from './baselines.ts'
import { fromProxy } from './load.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const built = fileURLToPath(new URL(`../../node_modules/.cache/bench-build/${process.pid}/`, import.meta.url))

/** `npm run build`, but beside what `npm start` or another bench may be using. */
export async function build(): Promise<void> {
  await rm(built, { recursive: true, force: true })
  const compiled = await runNode(['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', built])
  if (compiled !== 0) console.error('The types do not fit; measuring what was compiled all the same.')
  if ((await runNode(['src/dev/copy-assets.mjs', built])) !== 0) throw new Error('the build failed')
}

export async function removeBuild(): Promise<void> {
  await rm(built, { recursive: true, force: true })
}

async function runNode(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number]
  return code
}

export type Nabz = {
  origin: string
  /** Milliseconds from the start of the process to its first page. */
  coldStart: number
  record(on: boolean): Promise<void>
  /** What was sent to the database since recording began, by request id. */
  statements(): Promise<Record<string, Statement[]>>
  memory(): Promise<NodeJS.MemoryUsage>
  /** Has the garbage collected. */
  sweep(): Promise<void>
  /** The processor's time the process has taken so far. */
  cpuMs(): Promise<number>
  /** How many milliseconds the event loop was late, the 99th of 100, since this was last asked. */
  delayP99(): Promise<number>
  stop(): Promise<void>
}

/** Starts it and waits until `path` is answered. With `profile`, a CPU profile is left in that folder. */
export async function startNabz(
  env: Record<string, string>,
  path: string,
  options: { recorder?: boolean; profile?: string | undefined } = {},
): Promise<Nabz> {
  const port = await freePort(20_000 + (process.pid % 20_000), false)
  const recorder = ['--import', fileURLToPath(new URL('./recorder.mjs', import.meta.url))]
  const profile = options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile]
  const started = performance.now()
  const child = spawn(process.execPath, [...(options.recorder ? recorder : []), ...profile, `${built}src/server.js`], {
    env: { PATH: process.env.PATH, ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const origin = `http://127.0.0.1:${port}`
  try {
    await firstPage(child, origin + path)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const coldStart = performance.now() - started
  return {
    origin,
    coldStart,
    record: (on) => ask(child, { ask: 'record', on }),
    statements: () => ask(child, { ask: 'statements' }),
    memory: () => ask(child, { ask: 'memory' }),
    sweep: () => ask(child, { ask: 'sweep' }),
    cpuMs: () => ask(child, { ask: 'cpu' }),
    delayP99: () => ask(child, { ask: 'delay' }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function firstPage(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 3_000; tries++) {
    if (child.exitCode !== null) throw new Error('the server ended')
    const status = await new Promise<number>((resolve) => {
      get(url, { headers: fromProxy }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      }).on('error', () => resolve(0))
    })
    if (status === 200) return
    if (status !== 0) throw new Error(`${url} answers ${status}`)
    await pause(5)
  }
  throw new Error('the server does not answer')
}
