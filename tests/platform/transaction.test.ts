// Changes outside any clinic: all of them or none.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { done, refuse } from '../../src/kernel/outcome.ts'
import { connect, type Database } from '../../src/platform/db/connect.ts'
import { changes, rows } from '../../src/platform/db/rows.ts'
import { inTransaction, type Transaction } from '../../src/platform/db/transaction.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await freshDatabase()
  db = connect(database.ownerUrl, 2)
  await changes(db, 'create table public.written (word text)')
})
afterAll(async () => {
  await db?.destroy()
  await database?.drop()
})

const write = (trx: Transaction, word: string) => changes(trx, 'insert into public.written values (?)', [word])
const written = async () =>
  (await rows<{ word: string }>(db, 'select word from public.written')).map(({ word }) => word)

it('keeps what was written when the work is done', async () => {
  const outcome = await inTransaction(db, async (trx) => {
    await write(trx, 'done')
    return done(1)
  })
  expect(outcome).toEqual(done(1))
  expect(await written()).toEqual(['done'])
})

it('takes back what was written before a refusal, and answers it', async () => {
  const outcome = await inTransaction(db, async (trx) => {
    await write(trx, 'refused')
    return refuse('too_late')
  })
  expect(outcome).toEqual(refuse('too_late'))
  expect(await written()).toEqual(['done'])
})

it('takes back what was written before an error, and throws it', async () => {
  const broken = inTransaction(db, async (trx) => {
    await write(trx, 'broken')
    throw new Error('on the way')
  })
  await expect(broken).rejects.toThrow('on the way')
  expect(await written()).toEqual(['done'])
})
