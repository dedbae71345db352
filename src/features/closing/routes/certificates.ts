// Certificates of erasure, for anybody: to read, to keep, and to check.
import { emptyForm, parseForm, withErrors } from '../../../kernel/forms.ts'
import { notFound } from '../../../platform/errors.ts'
import { idParam, publicRouter } from '../../../platform/web/routers.ts'
import { uploadOf } from '../../../platform/web/uploads.ts'
import { certificateKeys, judgeCertificate, readCertificate } from '../actions/certificate.ts'
import { certificatePage, keyPage, pemText, verifyPage } from '../pages/certificates.ts'
import { verifyForm } from '../schema.ts'

const routes = publicRouter('closing')
export const certificateRoutes = routes

const largest = 64 * 1024

routes.get('/certificates/verify', 'public', ({ res, speaker, show }) => {
  res.setHeader('Cache-Control', 'no-store')
  show(verifyPage(speaker, emptyForm), { layout: 'plain' })
})

routes.post(
  '/certificates/verify',
  'public',
  async ({ req, res, services, speaker, show }) => {
    res.setHeader('Cache-Control', 'no-store')
    const form = parseForm(verifyForm, req.body)
    const upload = uploadOf(req)
    const text = upload?.ok ? upload.bytes.toString('utf8') : form.ok ? form.value.text : undefined
    const wrong = upload?.ok === false ? { file: 'closing.error.file_too_large' } : form.ok ? {} : form.errors
    if (Object.keys(wrong).length > 0 || text === undefined) {
      const missing = { text: 'closing.error.certificate_required' }
      const errors = Object.keys(wrong).length > 0 ? wrong : missing
      return show(verifyPage(speaker, withErrors(form, errors)), { status: 422, layout: 'plain' })
    }
    show(verifyPage(speaker, { values: form.values, errors: {} }, await judgeCertificate(services, text)), {
      layout: 'plain',
    })
  },
  { upload: { maxBytes: largest } },
)

routes.get('/certificates/key', 'public', async ({ services, speaker, show }) => {
  show(keyPage(speaker, await certificateKeys(services)), { layout: 'plain' })
})

routes.get('/certificates/key.pem', 'public', async ({ res, services }) => {
  res.status(200).type('application/x-pem-file')
  res.setHeader('Content-Disposition', 'attachment; filename="nabz-certificates.pem"')
  res.send(pemText(await certificateKeys(services)))
})

routes.get('/certificates/:id', 'public', async ({ req, services, speaker, show }) => {
  const found = await readCertificate(services, idParam<'certificate'>(req, 'id'))
  if (!found) notFound('certificate')
  show(certificatePage(speaker, found.facts, found.publicKey), { layout: 'plain' })
})

routes.get('/certificates/:id/file', 'public', async ({ req, res, services }) => {
  const found = await readCertificate(services, idParam<'certificate'>(req, 'id'))
  if (!found) notFound('certificate')
  res.status(200).type('application/json')
  res.setHeader('Content-Disposition', `attachment; filename="nabz-certificate-${found.facts.id}.json"`)
  res.send(found.file)
})
