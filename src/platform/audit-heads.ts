// Where the heads of audit chains are published: a folder of its own, outside the database and its dumps, best on another
// machine. One file a clinic, one line a day. Whoever rewrites the database can't rewrite these.
import { appendFile, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ClinicId } from '../kernel/ids.ts'
import { parseInstant, type Instant } from '../kernel/time.ts'

export type StoredHead = { publishedAt: Instant; seq: number; hash: Buffer }

export type HeadStore = {
  add(clinicId: ClinicId, head: StoredHead): Promise<void>
  /** In the order in which they were published. Throws when a line is none of ours. */
  list(clinicId: ClinicId): Promise<StoredHead[]>
  /** When the clinic itself is erased. */
  forget(clinicId: ClinicId): Promise<void>
}

const line = z.strictObject({
  at: z.string(),
  seq: z.number().int().positive(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})

/** Heads in a folder, which is made when the first is added; each is on the disk when `add` answers. */
export function folderHeadStore(folder: string): HeadStore {
  const pathOf = (clinicId: ClinicId) => join(folder, `${clinicId}.heads`)
  return {
    async add(clinicId, { publishedAt, seq, hash }) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = pathOf(clinicId)
      const text = JSON.stringify({ at: publishedAt.toString(), seq, hash: hash.toString('hex') })
      await appendFile(path, `${text}\n`, { mode: 0o600 })
      const file = await open(path, 'r')
      await file.sync().finally(() => file.close())
    },
    async list(clinicId) {
      const text = await readFile(pathOf(clinicId), 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
        throw error
      })
      return text
        .split('\n')
        .filter((one) => one !== '')
        .map((one) => {
          const { at, seq, hash } = line.parse(JSON.parse(one))
          const publishedAt = parseInstant(at)
          if (!publishedAt) throw new Error(`no time: ${at}`)
          return { publishedAt, seq, hash: Buffer.from(hash, 'hex') }
        })
    },
    forget: (clinicId) => rm(pathOf(clinicId), { force: true }),
  }
}
