// The demo's accounts are everybody's, and so are the codes of their authenticator app: /dev/codes shows them.
import ejs from 'ejs'
import { Router } from 'express'
import { generateSync } from 'otplib'
import { newId, type UserId } from '../kernel/ids.ts'
import { changes, rows } from '../platform/db/rows.ts'
import type { Services } from '../platform/services.ts'
import { newSeed } from '../platform/totp.ts'

const page = ejs.compile(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="<%= seconds %>"><title>Codes for signing in to the demo</title>
<link rel="stylesheet" href="/css/tokens.css"><link rel="stylesheet" href="/css/patient.css">
</head><body><main class="page">
<h1>Codes for signing in to the demo</h1>
<p>What an authenticator app would show for the next <%= seconds %> seconds. Each code works once.</p>
<% for (const one of accounts) { %>
<article class="card"><h2><bdi dir="ltr"><%= one.code %></bdi></h2><p><bdi dir="ltr"><%= one.email %></bdi></p></article><% } %>
</main></body></html>`)

type Demo = Pick<Services, 'db' | 'keys' | 'clock'>

/**
 * Gives the admin of the demo an app, without which the console does not open; and everybody else their days of grace
 * anew, so that a demo of last week still lets its owners in.
 */
export async function prepareFactors({ db, keys, clock }: Demo): Promise<void> {
  const now = clock.now()
  await changes(db, 'update platform.clinics set factor_since = ?', [now])
  const [admin] = await rows<{ id: UserId }>(
    db,
    `select id from platform.users u where email = 'admin@nabz.test' and not exists (
       select from platform.totp_seeds s where s.user_id = u.id and s.confirmed_at is not null)`,
  )
  if (!admin) return
  const id = newId<'totp_seed'>()
  const sealed = keys.platform.seal(newSeed(), 'totp_seeds.seed', id)
  await changes(
    db,
    `insert into platform.totp_seeds (id, user_id, seed_sealed, created_at, confirmed_at) values (?, ?, ?, ?, ?)`,
    [id, admin.id, sealed, now, now],
  )
}

/** `demo` answers undefined until the demo is up. */
export function factorCodes(demo: () => Demo | undefined): Router {
  const router = Router()
  router.get('/codes', async (_req, res) => {
    const services = demo()
    if (!services) return void res.status(503).end()
    const epoch = Math.floor(services.clock.now().epochMilliseconds / 1000)
    const found = await rows<{ id: string; email: string; sealed: Buffer }>(
      services.db,
      `select s.id, u.email, s.seed_sealed as sealed from platform.totp_seeds s join platform.users u on u.id = s.user_id
       where s.confirmed_at is not null order by u.platform_admin desc, u.email`,
    )
    const accounts = found.map(({ id, email, sealed }) => ({
      email,
      code: generateSync({ secret: services.keys.platform.open(sealed, 'totp_seeds.seed', id), epoch }),
    }))
    res.type('html').send(page({ accounts, seconds: 30 - (epoch % 30) }))
  })
  return router
}
