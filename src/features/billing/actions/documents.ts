// Invoices, receipts and credit notes. Each keeps what it said when it was issued; none is ever changed.
import { newId } from '../../../kernel/ids.ts'
import type { Account } from '../../subscription/actions/account.ts'
import { findIssuer, getMarket } from '../../subscription/queries/plans.ts'
import { insertDocument, takeNumber, type DocumentId, type DocumentKind, type PaymentId } from '../queries/books.ts'
import { documentNumber } from '../rules/quotes.ts'

export type Paper = {
  kind: DocumentKind
  netMinor: number
  taxMinor: number
  currency: string
  lines: { text: string; netMinor: number }[]
  tax?: { name: string; rateBp: number }
  method?: string
  reference?: string
  paymentId?: PaymentId
  corrects?: DocumentId
}

/** Issues a paper under the next number of its series, as the market's issuer. */
export async function issue(account: Account, paper: Paper): Promise<{ id: DocumentId; number: string }> {
  const { db, clinic, now } = account
  const market = await getMarket(db, clinic.country)
  const issuer = await findIssuer(db, market.issuerId)
  if (!issuer) throw new Error('a market without an issuer')
  const sequence = await takeNumber(db, issuer.id, paper.kind)
  const id = newId<'document'>()
  const number = documentNumber(issuer.code, paper.kind, sequence)
  const { kind, netMinor, taxMinor, currency, lines, method, reference } = paper
  await insertDocument(db, {
    id,
    issuerId: issuer.id,
    kind,
    sequence,
    number,
    clinicId: clinic.id,
    issuedAt: now,
    language: clinic.language,
    currency,
    netMinor,
    taxMinor,
    totalMinor: netMinor + taxMinor,
    facts: {
      seller: { name: issuer.name, address: issuer.address, taxNumber: issuer.taxNumber },
      buyer: { name: clinic.name, address: `${clinic.city}, ${clinic.country}` },
      lines,
      tax: paper.tax ?? { name: '', rateBp: 0 },
      ...(method === undefined ? {} : { method }),
      ...(reference === undefined ? {} : { reference }),
    },
    paymentId: paper.paymentId ?? null,
    corrects: paper.corrects ?? null,
  })
  return { id, number }
}
