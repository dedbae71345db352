// What was erased about single patients, noted outside the database: a backup that is restored knows nothing of it. One
// small file each, named by a keyed hash that leads to nobody, beside the clinics' keys, which are kept apart too.
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const folderOf = (keyStoreDir: string) => join(keyStoreDir, 'erased')
const nameOf = (subject: Buffer) => `${subject.toString('hex')}.json`
const shape = /^([0-9a-f]{64})\.json$/

export type Noted = { parts: string[]; at: string }

/** Writes a note, whole or not at all; what an earlier one said of the same subject stays said. */
export async function writeErasureNote(keyStoreDir: string, subject: Buffer, note: Noted): Promise<void> {
  const folder = folderOf(keyStoreDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, nameOf(subject))
  const earlier = await readNote(path)
  const parts = [...new Set([...(earlier?.parts ?? []), ...note.parts])].sort()
  const file = await open(`${path}.partial`, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify({ parts, at: note.at })}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.partial`, path)
}

/** Every note, by the subject's hash in hexadecimal digits. */
export async function readErasureNotes(keyStoreDir: string): Promise<Map<string, Noted>> {
  const folder = folderOf(keyStoreDir)
  const notes = new Map<string, Noted>()
  for (const name of await namesIn(folder)) {
    const subject = shape.exec(name)?.[1]
    const note = subject === undefined ? undefined : await readNote(join(folder, name))
    if (subject !== undefined && note) notes.set(subject, note)
  }
  return notes
}

/** The files as they are, for the backup of the keys. */
export async function readNoteFiles(keyStoreDir: string): Promise<[name: string, bytes: Buffer][]> {
  const folder = folderOf(keyStoreDir)
  const names = (await namesIn(folder)).filter((name) => shape.test(name))
  return Promise.all(names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(folder, name))]))
}

/** Puts back a note as `readNoteFiles` gave it, over one of that name. Throws for a name that no note has. */
export async function writeNoteFile(keyStoreDir: string, name: string, bytes: Buffer): Promise<void> {
  if (!shape.test(name)) throw new Error('not the name of a note')
  await mkdir(folderOf(keyStoreDir), { recursive: true, mode: 0o700 })
  await writeFile(join(folderOf(keyStoreDir), name), bytes, { mode: 0o600, flush: true })
}

async function readNote(path: string): Promise<Noted | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Noted
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
