// Where the mail of a test arrives: a real SMTP server on a free port.
import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export type ReceivedMail = Email & { envelopeTo: string[] }

export type MailSink = {
  url: string
  /** Everything received so far, oldest first. */
  mails: ReceivedMail[]
  mailsTo(address: string): ReceivedMail[]
  /** Answers the next `count` deliveries with this SMTP code, then takes mail again. */
  refuseNext(count: number, code: number): void
  stop(): Promise<void>
}

export async function startMailSink(): Promise<MailSink> {
  const mails: ReceivedMail[] = []
  const refusals: number[] = []
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        const code = refusals.shift()
        if (code !== undefined) return done(Object.assign(new Error('not now'), { responseCode: code }))
        PostalMime.parse(Buffer.concat(parts)).then((mail) => {
          mails.push({ ...mail, envelopeTo: session.envelope.rcptTo.map(({ address }) => address) })
          done()
        }, done)
      })
    },
  })
  // A client that breaks off is the test's business, not the server's.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    mailsTo: (address) => mails.filter(({ envelopeTo }) => envelopeTo.includes(address)),
    refuseNext: (count, code) => {
      for (let i = 0; i < count; i++) refusals.push(code)
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
