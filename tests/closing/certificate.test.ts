// A certificate of erasure: read, kept, checked by anybody, with us and without; and not one letter of it may change.
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signCertificate } from '../../src/features/closing/actions/certificate.ts'
import { insertCertificate } from '../../src/features/closing/queries.ts'
import { newId } from '../../src/kernel/ids.ts'
import {
  canonicalJson,
  certificateBody,
  certificateFile,
  certificateKey,
  pemOf,
  readPublicKeys,
  verifyCertificate,
  type CertificateBody,
} from '../../src/platform/seal/certificates.ts'
import { startTestApp, testNow, type TestApp } from '../support/app.ts'
import { wordsOf } from '../support/http.ts'

const at = '2026-11-24T07:00:00Z'
const body = (): CertificateBody => ({
  kind: 'nabz-erasure',
  version: 1,
  id: newId(),
  issuer: 'https://nabz.test',
  clinic: newId(),
  because: 'asked',
  asked: at,
  began: at,
  erased: at,
  key: 'ab'.repeat(32),
  audit: { entries: 12, head: 'cd'.repeat(32) },
  erasedRows: { 'clinic.appointments': 2, 'clinic.patients': 1 },
  kept: ['platform.documents'],
})
const master = Buffer.alloc(32, 3)
const key = certificateKey(master)
const fileOf = (facts: CertificateBody) => certificateFile(facts, key.sign(canonicalJson(facts)))

describe('a certificate', () => {
  it('has one spelling: names in order, no spaces, whole numbers', () => {
    expect(canonicalJson({ b: [1, 'x', null], a: { d: true, c: 'é"' } })).toBe(
      '{"a":{"c":"é\\"","d":true},"b":[1,"x",null]}',
    )
    expect(() => canonicalJson({ a: 1.5 })).toThrow()
  })

  it('is genuine with the key that signed it, however it was pasted, and with no other', () => {
    const file = fileOf(body())
    expect(verifyCertificate(file, [key.publicKey])).toMatchObject({ ok: true })
    expect(verifyCertificate(`\ufeff  ${file}\n`, [key.publicKey])).toMatchObject({ ok: true })
    const other = certificateKey(Buffer.alloc(32, 9)).publicKey
    expect(verifyCertificate(file, [other])).toEqual({ ok: false, reason: 'altered' })
    // A key that was used before still tells.
    expect(verifyCertificate(file, [other, key.publicKey])).toMatchObject({ ok: true })
    expect(verifyCertificate('{"hello": 1}', [key.publicKey])).toEqual({ ok: false, reason: 'unreadable' })
  })

  it('is not any more after a change of any one of its bytes', () => {
    const file = Buffer.from(fileOf(body()))
    const survived: string[] = []
    for (let index = 0; index < file.length; index++) {
      for (const change of [1, 2, 0x20, 0x80]) {
        const changed = Buffer.from(file)
        changed[index]! ^= change
        if (verifyCertificate(changed.toString('utf8'), [key.publicKey]).ok) survived.push(`${index} ^ ${change}`)
      }
      const shorter = Buffer.concat([file.subarray(0, index), file.subarray(index + 1)])
      if (verifyCertificate(shorter.toString('utf8'), [key.publicKey]).ok) survived.push(`${index} left out`)
    }
    expect(survived).toEqual([])
  })

  it('names nobody: there is no place in it for a word of anybody’s', () => {
    expect(certificateBody.safeParse({ ...body(), clinic: 'Shifa Clinic' }).success).toBe(false)
    expect(certificateBody.safeParse({ ...body(), owner: 'Nadia' }).success).toBe(false)
  })

  it('is checked without us: by a command that needs the public key alone', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nabz-certificate-'))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const run = (args: string[], env: Record<string, string> = {}) =>
      new Promise<{ code: number; out: string }>((resolve) => {
        const node = ['--import', 'tsx', join(root, 'src/certificate-verify-command.ts'), ...args]
        execFile(
          process.execPath,
          node,
          { cwd: root, env: { PATH: process.env.PATH ?? '', ...env } },
          (error, stdout) => resolve({ code: error ? Number(error.code) : 0, out: stdout }),
        )
      })
    try {
      const [good, bad, pem, theirs] = ['good.json', 'bad.json', 'key.pem', 'theirs.pem'].map((name) =>
        join(folder, name),
      )
      const file = fileOf(body())
      await writeFile(good!, file)
      await writeFile(bad!, file.replace('"clinic.appointments":2', '"clinic.appointments":3'))
      await writeFile(pem!, pemOf(key.publicKey))
      await writeFile(theirs!, generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }))
      expect(await run([good!, '--key', pem!])).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^VALID/) as string,
      })
      expect(await run([bad!, '--key', pem!])).toMatchObject({
        code: 1,
        out: expect.stringMatching(/^NOT VALID/) as string,
      })
      expect(await run([good!, '--key', theirs!])).toMatchObject({ code: 1 })
      expect(await run([good!], { MASTER_KEY: master.toString('base64') })).toMatchObject({ code: 0 })
      expect(await run([good!, '--key', good!])).toMatchObject({ code: 2 })
      expect(await run([])).toMatchObject({ code: 2 })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('its pages', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.stop())

  it('show it, hand it out, and the key that it is checked with', async () => {
    const facts = body()
    const now = app.clock.now()
    expect(now.toString()).toBe(testNow)
    await insertCertificate(app.services.db, signCertificate(app.services.config, facts, now))
    const agent = app.agent()
    const page = wordsOf((await agent.get(`/certificates/${facts.id}`).expect(200)).text)
    for (const word of [facts.id, facts.clinic, 'clinic.appointments', '3 rows erased', facts.audit.head]) {
      expect(page).toContain(word)
    }
    const file = (await agent.get(`/certificates/${facts.id}/file`).expect(200)).text
    const pem = await agent.get('/certificates/key.pem').responseType('blob').expect(200)
    const keys = readPublicKeys((pem.body as Buffer).toString())
    expect(keys).toHaveLength(1)
    expect(verifyCertificate(file, keys)).toMatchObject({ ok: true, certificate: facts })
    expect((await agent.get('/certificates/key').expect(200)).text).toContain('BEGIN PUBLIC KEY')
    await agent.get(`/certificates/${newId()}`).expect(404)
    await agent.get('/certificates/nothing').expect(404)
  })

  it('check what anybody pastes or uploads, and say what was wrong', async () => {
    const facts = body()
    await insertCertificate(app.services.db, signCertificate(app.services.config, facts, app.clock.now()))
    const agent = app.agent()
    const file = (await agent.get(`/certificates/${facts.id}/file`)).text
    const page = await agent.getForm('/certificates/verify')
    expect(page.csrf).toBeDefined()
    const check = async (text: string) => wordsOf((await agent.postForm('/certificates/verify', { text })).text)
    expect(await check(file)).toContain('This certificate is genuine')
    expect(await check(file.replace('"clinic.patients":1', '"clinic.patients":0'))).toContain(
      'This certificate is not valid',
    )
    expect(await check('Dear Sir')).toContain('This is no certificate')
    await agent.postForm('/certificates/verify', { text: '' }).expect(422)
    const uploaded = await agent
      .post('/certificates/verify')
      .field('_csrf', agent.csrfToken())
      .attach('file', Buffer.from(file), 'certificate.json')
      .expect(200)
    expect(wordsOf(uploaded.text)).toContain('This certificate is genuine')
    const large = await agent
      .post('/certificates/verify')
      .field('_csrf', agent.csrfToken())
      .attach('file', Buffer.alloc(100_000, 'x'), 'certificate.json')
    expect(large.status).toBe(422)
  })
})
