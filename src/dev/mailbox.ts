// Takes every mail Nabz sends and shows it at /dev/mail, so that reset links and invitations can be followed in the demo.
import type { AddressInfo } from 'node:net'
import ejs from 'ejs'
import { Router } from 'express'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

type Received = { to: string; subject: string; text: string }

const page = ejs.compile(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mail sent by Nabz</title><link rel="stylesheet" href="/css/tokens.css"><link rel="stylesheet" href="/css/patient.css">
</head><body><main class="page">
<h1>Mail sent by Nabz</h1>
<% if (mails.length === 0) { %><p>Nothing yet. Ask for a password reset, or invite somebody.</p><% } %>
<% for (const mail of mails) { %>
<article class="card"><h2 dir="auto"><%= mail.subject %></h2><p>To <bdi dir="ltr"><%= mail.to %></bdi></p>
<% for (const line of mail.text.split('\\n')) { %><p dir="auto"><% for (const part of line.split(/(https?:\\/\\/\\S+)/)) {
  if (/^https?:/.test(part)) { %><a href="<%= part %>"><%= part %></a><% } else { %><%= part %><% } } %></p><% } %>
</article><% } %>
</main></body></html>`)

export async function createMailbox(): Promise<{ port: number; router: Router; stop(): Promise<void> }> {
  const mails: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, _session, callback) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        PostalMime.parse(Buffer.concat(chunks)).then(
          ({ to, subject, text }) => {
            mails.unshift({ to: to?.[0]?.address ?? '', subject: subject ?? '', text: text ?? '' })
            mails.length = Math.min(mails.length, 100)
            callback()
          },
          (error: unknown) => callback(error instanceof Error ? error : new Error('unreadable mail')),
        )
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const router = Router()
  router.get('/mail', (_req, res) => {
    res.type('html').send(page({ mails }))
  })
  return {
    port: (server.server.address() as AddressInfo).port,
    router,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
