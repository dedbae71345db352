// What Nabz is compared with, in a process of its own: a bare Express page and a bare JSON answer, the statements of a
// request straight through pg, and something to take the messages that leave.
import { fork, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import ejs from 'ejs'
import express from 'express'
import pg from 'pg'
import { SMTPServer } from 'smtp-server'
import { loadWork, type Sample } from './load.ts'

export type Statement = { text: string; values: unknown[]; name?: string }

type Job =
  | { kind: 'start' }
  | { kind: 'json'; body: string }
  | { kind: 'sql'; url: string; scripts: Statement[][]; once: boolean; connections: number; seconds: number }

export type Peers = { whatsappUrl: string; smtpUrl: string }

export type Baselines = {
  /** `/page` prints thirty rows, `/json` answers what was last given to `answerWith`. */
  origin: string
  /** They take any message: one answers as WhatsApp does, the other as a mail server. */
  peers: Peers
  answerWith(body: string): Promise<void>
  /** Each script on one connection, in order; again and again, or each of them once. */
  runSql(job: Omit<Extract<Job, { kind: 'sql' }>, 'kind'>): Promise<Sample>
  stop(): void
}

export async function startBaselines(): Promise<Baselines> {
  const child = fork(fileURLToPath(import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' })
  const started = await ask<{ origin: string; peers: Peers }>(child, { kind: 'start' })
  return {
    ...started,
    answerWith: (body) => ask(child, { kind: 'json', body }),
    runSql: (job) => ask(child, { kind: 'sql', ...job }),
    stop: () => child.disconnect(),
  }
}

/** One question at a time. */
export async function ask<T>(child: ChildProcess, question: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the process ended'))
    child.once('exit', ended)
    child.once('message', (message: { answer: T; error?: string }) => {
      child.off('exit', ended)
      if (message.error !== undefined) reject(new Error(message.error))
      else resolve(message.answer)
    })
    child.send(question as object)
  })
}

const template = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title><%= title %></title></head><body>
<h1><%= title %></h1><table><% for (const row of rows) { %>
<tr><td><%= row.time %></td><td><%= row.name %></td><td><%= row.service %></td><td><%= row.price %></td></tr><% } %>
</table></body></html>`

async function serveBare() {
  const app = express()
  const page = ejs.compile(template, { strict: false })
  const rows = Array.from({ length: 30 }, (_, i) => ({
    time: `${9 + (i >> 2)}:${15 * (i % 4)}`,
    name: `Ayesha Patient ${i}`,
    service: 'Consultation',
    price: `Rs ${1500 + i}`,
  }))
  let answer: unknown = {}
  app.get('/page', (_req, res) => {
    res.send(page({ title: 'Thirty rows', rows }))
  })
  app.get('/json', (_req, res) => {
    res.json(answer)
  })
  const whatsapp = createServer((req, res) => {
    req.resume()
    req.on('end', () => {
      res.setHeader('content-type', 'application/json')
      const id = `wamid.${process.hrtime.bigint()}`
      res.end(JSON.stringify({ messaging_product: 'whatsapp', contacts: [], messages: [{ id }] }))
    })
  }).listen(0, '127.0.0.1')
  const mail = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, _session, done) => stream.resume().on('end', () => done()),
  }).listen(0, '127.0.0.1')
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const at = (one: { address(): unknown }) => `http://127.0.0.1:${(one.address() as AddressInfo).port}`
  return {
    origin: at(server),
    peers: { whatsappUrl: at(whatsapp), smtpUrl: at(mail).replace('http:', 'smtp:') },
    answerWith: (body: string) => {
      answer = JSON.parse(body)
    },
  }
}

async function runSql({ url, scripts, once, connections, seconds }: Extract<Job, { kind: 'sql' }>): Promise<Sample> {
  // As many connections as Nabz has in its pool at most.
  const clients = Array.from({ length: Math.min(connections, 10) }, () => new pg.Client({ connectionString: url }))
  await Promise.all(clients.map((client) => client.connect()))
  let next = 0
  const run = async (script: Statement[]) => {
    const client = clients.pop()
    if (!client) throw new Error('no connection')
    try {
      for (const statement of script) {
        await (statement.values.length === 0 ? client.query(statement.text) : client.query(statement))
      }
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      clients.push(client)
    }
  }
  const work = once ? scripts.map((script) => () => run(script)) : () => run(scripts[next++ % scripts.length]!)
  const sample = await loadWork(work, { connections: clients.length, seconds })
  await Promise.all(clients.map((client) => client.end()))
  return sample
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send) {
  const bare = await serveBare()
  process.on('disconnect', () => process.exit(0))
  process.on('message', (job: Job) => {
    void (async () => {
      try {
        if (job.kind === 'json') bare.answerWith(job.body)
        const answer =
          job.kind === 'sql'
            ? await runSql(job)
            : job.kind === 'start'
              ? { origin: bare.origin, peers: bare.peers }
              : true
        process.send?.({ answer })
      } catch (error) {
        process.send?.({ error: String(error) })
      }
    })()
  })
}
