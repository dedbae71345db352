import { noteForged } from '../../platform/security-notes.ts'
import { publicRouter } from '../../platform/web/routers.ts'
import { answerToChallenge, keepWebhook, signedByMeta } from './actions/webhook.ts'

/** Mounted before every body parser but one that keeps the raw bytes: the signature is over those. */
export const webhookRoutes = publicRouter('messaging')

webhookRoutes.get('/webhooks/whatsapp', 'public', ({ req, res, services }) => {
  const challenge = answerToChallenge(req.query, services.config.whatsapp.verifyToken)
  res.setHeader('Cache-Control', 'no-store')
  if (challenge === undefined) res.status(403).type('text/plain').send('not ours')
  else res.status(200).type('text/plain').send(challenge)
})

webhookRoutes.post('/webhooks/whatsapp', 'public', async ({ req, res, services, origin }) => {
  // As Node saw it: a header sent twice is two values here, and neither is believed.
  const signatures = req.headersDistinct['x-hub-signature-256'] ?? []
  const signature = signatures.length === 1 ? signatures[0] : undefined
  const body: unknown = req.body
  if (!Buffer.isBuffer(body) || !signedByMeta(body, signature, services.config.whatsapp.appSecret)) {
    services.log.warn('webhook.refused', { status: 401 })
    await noteForged(services, origin, 'whatsapp')
    res.status(401).type('text/plain').send('not signed')
    return
  }
  const count = await keepWebhook(services, body)
  services.log.info('webhook.kept', { count })
  res.status(200).type('text/plain').send('ok')
})
