// `npm run demo` where it can't begin: said in a line, and nothing is left running.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'

it('says that a port is taken before it starts a database', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nabz-demo-'))
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  try {
    const env = { PATH: process.env.PATH ?? '', PORT: String(port), NABZ_DATA_DIR: folder }
    const demo = spawn(process.execPath, ['--import', 'tsx', 'src/dev/demo.ts'], { env })
    const [problem, [code]] = await Promise.all([text(demo.stderr), once(demo, 'exit') as Promise<[number]>])
    expect(problem).toBe(`Port ${port} is taken. Choose another: PORT=3100 npm run demo\n`)
    expect(code).toBe(1)
    expect(await readdir(folder)).toEqual([])
  } finally {
    taken.close()
    await rm(folder, { recursive: true, force: true })
  }
})
