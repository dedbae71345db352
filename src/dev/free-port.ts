import { createServer } from 'node:net'

/** Somebody else listens there, which a person can change. */
export class PortTaken extends Error {}

/**
 * The wanted port, or the next free one. A port that somebody asked for by name is not exchanged for another: if it is
 * taken, that is said.
 */
export async function freePort(wanted: number, insist: boolean): Promise<number> {
  for (let port = wanted; port < wanted + 50; port++) {
    if (await isFree(port)) return port
    if (insist) throw new PortTaken(`Port ${port} is taken. Choose another: PORT=3100 npm run demo`)
  }
  throw new PortTaken(`No port free from ${wanted} on.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
