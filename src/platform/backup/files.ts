import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ClinicId } from '../../kernel/ids.ts'
import { Temporal, type Instant } from '../../kernel/time.ts'
import { readNoteFiles, writeNoteFile } from '../erasure-journal.ts'
import { deriveKey, openBytes, sealBytes, SealError } from '../seal/envelope.ts'
import { folderKeyStore } from '../seal/key-store.ts'
import type { BackupManifest } from './archive.ts'
import { openChunks, sealChunks } from './chunks.ts'
import { dumpDatabase } from './dump.ts'

/** With the seven days after which an erased clinic is purged this stays below the thirty that are promised. */
export const keptDays = 21

/** `nabz-20261122T033500Z.backup`: the second in UTC, by which old ones are found and removed. */
export const nameOf = (madeAt: Instant) =>
  `nabz-${madeAt.round('second').toString().replaceAll('-', '').replaceAll(':', '')}.backup`
const madeAtOf = (name: string): Instant | undefined => {
  const found = /^nabz-(\d{8}T\d{6}Z)\.backup(?:\.json|\.partial)?$/.exec(name)
  return found?.[1] === undefined ? undefined : Temporal.Instant.from(found[1])
}

export type MadeBackup = { path: string; manifest: BackupManifest }

/**
 * Writes one backup into `folder`, whole or not at all, with its manifest readable beside it: counts and sums, nothing
 * that anybody typed.
 */
export async function writeBackup(parts: {
  ownerUrl: string
  masterKey: Buffer
  folder: string
  now: Instant
}): Promise<MadeBackup> {
  const { folder, masterKey, now } = parts
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, nameOf(now))
  let manifest: BackupManifest | undefined
  const plain = dumpDatabase(parts.ownerUrl, now.toString(), (whole) => (manifest = whole))
  const sha256 = await writePartial(path, masterKey, plain)
  if (!manifest) throw new Error('a backup without a manifest')
  const beside = { ...manifest, file: { sha256, bytes: (await stat(`${path}.partial`)).size } }
  await writeFile(`${path}.json`, `${JSON.stringify(beside, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.partial`, path)
  return { path, manifest }
}

/** Seals into `path.partial`, or leaves nothing there. Answers what its bytes add up to. */
export async function writePartial(path: string, key: Buffer, plain: AsyncIterable<Buffer>): Promise<string> {
  const sum = createHash('sha256')
  try {
    await pipeline(
      sealChunks(key, plain),
      async function* (sealed: AsyncIterable<Buffer>) {
        for await (const piece of sealed) {
          sum.update(piece)
          yield piece
        }
      },
      createWriteStream(`${path}.partial`, { mode: 0o600, flush: true }),
    )
  } catch (error) {
    await rm(`${path}.partial`, { force: true })
    throw error
  }
  return sum.digest('hex')
}

/** What is inside a backup's chunks, as it is read. */
export function readBackup(key: Buffer, path: string): AsyncGenerator<Buffer> {
  return openChunks(key, createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>)
}

/** Removes what is `days` old, by the time in its name. Answers how many files went. */
export async function removeOldBackups(folder: string, now: Instant, days = keptDays): Promise<number> {
  const limit = now.subtract({ hours: days * 24 })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  let removed = 0
  for (const name of await readdir(folder)) {
    const madeAt = madeAtOf(name)
    if (!madeAt || Temporal.Instant.compare(madeAt, limit) > 0) continue
    await rm(join(folder, name))
    removed++
  }
  return removed
}

/** Leaves the time of the last whole backup in a file, whose age the checks look at (`BACKUP_STAMP_FILE`). */
export async function touchStamp(path: string, { manifest }: MadeBackup): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${manifest.madeAt}\n`)
}

const keysPlace = 'nabz/key-store-backup/v1'
/** Notes of erased patients lie with the keys, and are kept with them. */
const erasedPrefix = 'erased/'

/**
 * All clinics' wrapped keys in one sealed file that takes the place of the one before, whose bytes are overwritten first:
 * a key that was destroyed is in no copy after the next run. A folder in which there is nothing at all takes the place of
 * no keys: a volume that was not mounted looks like that, and the file may be all there is.
 */
export async function writeKeys(parts: { keyStoreDir: string; masterKey: Buffer; file: string }): Promise<number> {
  const keys: Record<string, string> = {}
  for (const name of existsSync(parts.keyStoreDir) ? await readdir(parts.keyStoreDir) : []) {
    if (!name.endsWith('.key')) continue
    keys[name.slice(0, -'.key'.length)] = (await readFile(join(parts.keyStoreDir, name))).toString('base64')
  }
  for (const [name, note] of await readNoteFiles(parts.keyStoreDir))
    keys[`${erasedPrefix}${name}`] = note.toString('base64')
  const key = deriveKey(parts.masterKey, 'key-store-backup')
  if (Object.keys(keys).length === 0 && existsSync(parts.file)) {
    const before = openBytes(key, await readFile(parts.file), keysPlace).toString()
    if (before !== '{}') {
      throw new Error(
        `There is nothing in KEY_STORE_DIR, ${parts.keyStoreDir}: is it mounted? ${parts.file} holds keys and was left as it is. Where every clinic was erased, remove it.`,
      )
    }
  }
  const sealed = sealBytes(key, Buffer.from(JSON.stringify(keys)), keysPlace)
  await mkdir(dirname(parts.file), { recursive: true, mode: 0o700 })
  await writeFile(`${parts.file}.partial`, sealed, { mode: 0o600, flush: true })
  await overwrite(parts.file)
  await rename(`${parts.file}.partial`, parts.file)
  return Object.keys(keys).filter((name) => !name.startsWith(erasedPrefix)).length
}

/** Into an empty key store only: in one that is in use, it would bring back what was destroyed. */
export async function restoreKeys(parts: { keyStoreDir: string; masterKey: Buffer; file: string }): Promise<number> {
  await mkdir(parts.keyStoreDir, { recursive: true, mode: 0o700 })
  if ((await readdir(parts.keyStoreDir)).some((name) => name.endsWith('.key'))) {
    throw new Error(`There are keys in ${parts.keyStoreDir} already.`)
  }
  const opened = openBytes(deriveKey(parts.masterKey, 'key-store-backup'), await readFile(parts.file), keysPlace)
  const keys = JSON.parse(opened.toString()) as Record<string, string>
  const store = folderKeyStore(parts.keyStoreDir)
  const notes = Object.entries(keys).filter(([name]) => name.startsWith(erasedPrefix))
  const clinics = Object.entries(keys).filter(([name]) => !name.startsWith(erasedPrefix))
  for (const [name, note] of notes) {
    await writeNoteFile(parts.keyStoreDir, name.slice(erasedPrefix.length), Buffer.from(note, 'base64'))
  }
  for (const [id, key] of clinics) {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new SealError('the backup of the keys holds something else')
    await store.create(id as ClinicId, Buffer.from(key, 'base64'))
  }
  return clinics.length
}

async function overwrite(path: string) {
  try {
    const file = await open(path, 'r+')
    try {
      await file.write(Buffer.alloc((await file.stat()).size), 0, undefined, 0)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
