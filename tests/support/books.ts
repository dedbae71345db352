// Rows of a clinic's books as they stand in the database, for pages that show them.
import sharp from 'sharp'
import { keepSlip } from '../../src/features/billing/actions/slips.ts'
import { newId } from '../../src/kernel/ids.ts'
import { repaint } from '../../src/platform/pictures.ts'
import type { TestClinic } from './cast.ts'

/** A photograph of a slip, as a phone would send it: with the place where it was taken. */
export async function photograph(): Promise<Buffer> {
  return sharp({ create: { width: 90, height: 60, channels: 3, background: '#888888' } })
    .withExif({ IFD0: { Make: 'SecretPhone' }, IFD3: { GPSLatitude: '24/1 51/1 0/1', GPSLatitudeRef: 'N' } })
    .jpeg()
    .toBuffer()
}

/** A payment that waits to be confirmed, with its slip. */
export async function makeDeclaredPayment(clinic: TestClinic): Promise<{ id: string }> {
  const painted = await repaint(await photograph(), 'slip.jpg')
  if (!painted.ok) throw new Error(painted.reason)
  const slipId = await clinic.inClinic((ctx) => keepSlip(ctx, painted.value))
  const id = newId()
  await clinic.app.superuser(
    `insert into platform.payments (id, clinic_id, status, provider, method, amount_minor, currency, reference, paid_on,
       slip_id, created_at)
     values ($1, $2, 'declared', 'manual', 'bank_transfer', 290000, 'PKR', 'T-1', '2026-11-23', $3, $4)`,
    [id, clinic.id, slipId, clinic.app.clock.now().toString()],
  )
  return { id }
}

let sequence = 900_000

/** An invoice with its snapshot, as the books would have issued it. */
export async function makeDocument(
  clinic: TestClinic,
  overrides: { kind?: 'invoice' | 'receipt' | 'credit_note'; language?: string } = {},
): Promise<{ id: string; number: string }> {
  const { app } = clinic
  const id = newId()
  const number = `NBZ-INV-${++sequence}`
  await app.superuser(
    `insert into platform.documents (id, issuer_id, kind, sequence, number, clinic_id, issued_at, language, currency,
       net_minor, tax_minor, total_minor, facts)
     select $1, id, $2, $3, $4, $5, $6, $7, 'PKR', 250000, 40000, 290000, $8 from platform.issuers where code = 'NBZ'`,
    [
      id,
      overrides.kind ?? 'invoice',
      sequence,
      number,
      clinic.id,
      app.clock.now().toString(),
      overrides.language ?? 'en',
      JSON.stringify({
        seller: { name: 'Nabz Ltd', address: '1 Main Road\nKarachi', taxNumber: '1234567-8' },
        buyer: { name: 'Shifa Clinic', address: 'Karachi' },
        lines: [{ text: 'Solo, one month', netMinor: 250_000 }],
        tax: { name: 'Sales tax', rateBp: 1600 },
      }),
    ],
  )
  return { id, number }
}
