// The photo of an account: one's own, and those of colleagues in the list of staff.
import type { Response } from 'express'
import { notFound } from '../../../platform/errors.ts'
import { repaint } from '../../../platform/pictures.ts'
import { accountRouter, clinicRouter, idParam } from '../../../platform/web/routers.ts'
import { flash } from '../../../platform/web/session.ts'
import { uploadOf } from '../../../platform/web/uploads.ts'
import { getAccount } from '../actions/account.ts'
import { keepPhoto, openColleaguesPhoto, openOwnPhoto, removePhoto } from '../actions/photos.ts'
import { showAccount } from './account.ts'

const maxBytes = 8 * 1024 * 1024
/** Shown at 40 points, on screens that have up to three pixels to one. */
const side = 256

export const photoRoutes = accountRouter('accounts')

photoRoutes.get('/account/photo', 'signed_in', async ({ res, services, person }) =>
  sendPhoto(res, await openOwnPhoto(services, person.userId)),
)

photoRoutes.post('/account/photo', 'signed_in', async (request) => {
  const { req, services, person, redirect } = request
  const refused = async (reason: string) => {
    await showAccount(request, { photo: { values: {}, errors: { photo: `accounts.error.photo_${reason}` } } }, 422)
  }
  const upload = uploadOf(req)
  if (!upload) return refused('missing')
  if (!upload.ok) return refused(upload.reason)
  const painted = await repaint(upload.bytes, upload.fileName, { square: side })
  if (!painted.ok) return refused(painted.reason)
  const kept = await keepPhoto(services, await getAccount(services, person.userId), painted.value)
  if (!kept.ok) return refused(kept.reason)
  flash(req, { kind: 'success', key: 'accounts.flash.photo_saved' })
  await redirect('/account')
}, { upload: { maxBytes } }) // prettier-ignore

photoRoutes.post('/account/photo/removal', 'signed_in', async ({ req, services, person, redirect }) => {
  await removePhoto(services, person.userId)
  flash(req, { kind: 'success', key: 'accounts.flash.photo_removed' })
  await redirect('/account')
})

export const staffPhotoRoutes = clinicRouter('accounts')

staffPhotoRoutes.get('/settings/staff/:id/photo', 'staff.manage', async ({ req, res, inClinic }) => {
  const id = idParam<'user'>(req, 'id')
  sendPhoto(res, await inClinic((ctx) => openColleaguesPhoto(ctx, id)))
})

/** Never a page: whatever is in the picture, the browser draws it and runs nothing. */
function sendPhoto(res: Response, photo: Buffer | undefined): void {
  if (!photo) return notFound('photo')
  res.setHeader('Content-Type', 'image/jpeg')
  res.setHeader('Content-Disposition', 'inline; filename="photo.jpg"')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.setHeader('Content-Security-Policy', "sandbox; default-src 'none'")
  res.setHeader('Cache-Control', 'no-store')
  res.send(photo)
}
