// Sends requests and counts what comes back.
import { Agent, request } from 'node:http'
import autocannon from 'autocannon'

export type Sample = {
  requests: number
  seconds: number
  /** Milliseconds of every request. */
  latencies: number[]
  errors: number
  /** Of the process asked, where it can tell. */
  cpuMs?: number
}

export type Result = {
  perSecond: number
  p50: number
  p95: number
  p99: number
  requests: number
  errors: number
  /** The processor's time for one of them. */
  cpuMs: number
}

export function resultOf(samples: readonly Sample[]): Result {
  const total = (pick: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + pick(sample), 0)
  const latencies = samples.flatMap((sample) => sample.latencies).sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  const requests = total((sample) => sample.requests)
  return {
    perSecond:
      requests /
      Math.max(
        0.001,
        total((sample) => sample.seconds),
      ),
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    requests,
    errors: total((sample) => sample.errors),
    cpuMs: total((sample) => sample.cpuMs ?? 0) / Math.max(1, requests),
  }
}

const rateOf = ({ requests, seconds }: Sample) => requests / Math.max(0.001, seconds)

/**
 * How many requests of one are answered for each of the other, measured in turn with it: the middle of the rounds, so that
 * what else the machine did in one of them decides nothing.
 */
export function shareOf(part: readonly Sample[], whole: readonly Sample[]): number {
  const of = (round: Sample, at: number) => rateOf(round) / rateOf(whole[Math.min(at, whole.length - 1)] ?? round)
  const shares = part.map(of).sort((a, b) => a - b)
  const middle = shares.length / 2
  return ((shares[Math.ceil(middle) - 1] ?? 0) + (shares[Math.floor(middle)] ?? 0)) / 2
}

/** What the proxy in front tells. */
export const fromProxy = { host: 'nabz.test', 'x-forwarded-proto': 'https' }

/** GET after GET on so many connections; `path` is asked anew for each. Any answer but 200 is an error. */
export async function loadPage(
  origin: string,
  path: () => string,
  options: { connections: number; seconds: number; headers?: Record<string, string> },
): Promise<Sample> {
  const latencies: number[] = []
  let errors = 0
  const started = performance.now()
  await new Promise<void>((resolve, reject) => {
    const run = autocannon(
      {
        url: origin,
        connections: options.connections,
        duration: options.seconds,
        headers: { ...fromProxy, ...options.headers },
        requests: [{ method: 'GET', setupRequest: (one) => ({ ...one, path: path() }) }],
      },
      (error: Error | null) => (error ? reject(error) : resolve()),
    )
    run.on('response', (_client, status, _bytes, ms) => {
      if (status === 200) latencies.push(ms)
      else errors++
    })
    run.on('reqError', () => errors++)
  })
  return { requests: latencies.length, seconds: (performance.now() - started) / 1000, latencies, errors }
}

/** Does `work` again and again, so many at once, until time or work is over. What throws counts as an error. */
export async function loadWork(
  work: (() => Promise<unknown>) | (() => Promise<unknown>)[],
  options: { connections: number; seconds: number },
): Promise<Sample> {
  const latencies: number[] = []
  let errors = 0
  let next = 0
  const started = performance.now()
  const until = started + options.seconds * 1000
  const take = () => (Array.isArray(work) ? work[next++] : work)
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      for (let one = take(); one && performance.now() < until; one = take()) {
        const from = performance.now()
        try {
          await one()
          latencies.push(performance.now() - from)
        } catch (error) {
          if (errors++ === 0) console.error(error)
        }
      }
    }),
  )
  return { requests: latencies.length, seconds: (performance.now() - started) / 1000, latencies, errors }
}

export type Answer = { status: number; location: string | undefined; html: string; requestId: string }

/** A patient's browser: cookies, one kept connection, no scripts. */
export class Browser {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #cookies = new Map<string, string>()
  #origin: string
  readonly #address: string

  constructor(origin: string, address: string) {
    this.#origin = origin
    this.#address = address
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path)
  }

  post(path: string, fields: Record<string, string>): Promise<Answer> {
    return this.#send('POST', path, new URLSearchParams(fields).toString())
  }

  moveTo(origin: string): void {
    this.#origin = origin
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(method: string, path: string, body?: string): Promise<Answer> {
    const headers: Record<string, string> = { ...fromProxy, 'x-forwarded-for': this.#address }
    if (this.#cookies.size > 0)
      headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    if (body !== undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded'
      headers['content-length'] = String(Buffer.byteLength(body))
      headers.origin = 'https://nabz.test'
    }
    return new Promise((resolve, reject) => {
      const sent = request(this.#origin + path, { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          for (const line of response.headers['set-cookie'] ?? []) {
            const [pair = ''] = line.split(';')
            this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
          }
          resolve({
            status: response.statusCode ?? 0,
            location: response.headers.location,
            html: Buffer.concat(parts).toString(),
            requestId: String(response.headers['x-request-id']),
          })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

export type Form = {
  action: string
  method: string
  /** The hidden fields. */
  fields: Record<string, string>
  /** Each button that sends a value: one of them is pressed. */
  buttons: Record<string, string>[]
  /** Everything there is to fill in. */
  names: string[]
}

export function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, tag = '', inside = '']) => {
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => ({
      name: attribute(input, 'name') ?? '',
      value: attribute(input, 'value') ?? '',
      hidden: attribute(input, 'type') === 'hidden',
    }))
    return {
      action: attribute(tag, 'action') ?? '',
      method: (attribute(tag, 'method') ?? 'get').toLowerCase(),
      fields: Object.fromEntries(inputs.filter(({ hidden }) => hidden).map(({ name, value }) => [name, value])),
      buttons: [...inside.matchAll(/<button\b([^>]*)>/g)].flatMap(([, button = '']) => {
        const name = attribute(button, 'name')
        return name === undefined ? [] : [{ [name]: attribute(button, 'value') ?? '' }]
      }),
      names: inputs.filter(({ hidden }) => !hidden).map(({ name }) => name),
    }
  })
}

export function attribute(tag: string, name: string): string | undefined {
  const text = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1]
  return text
    ?.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}
