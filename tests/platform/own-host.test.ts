// A server that answers to its own name only.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import express from 'express'
import request from 'supertest'
import { ownHostOnly } from '../../src/platform/web/own-host.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.stop())

const asked = (host: string, path = '/sign-in', headers: Record<string, string> = {}) =>
  request(app.origin)
    .get(path)
    .set({ Host: host, 'X-Forwarded-Proto': 'https', ...headers })

describe('a request for a name', () => {
  it.each(['nabz.test', 'NABZ.test', 'nabz.test:443', '127.0.0.1:3000', 'localhost'])('of ours: %s', async (host) => {
    await asked(host).expect(200)
  })

  it.each([
    'evil.test',
    'nabz.test.evil.test',
    'nabz.test:8443',
    'evil.test:443',
    'nabz.test@evil.test',
    'localhost.evil.test',
  ])('V4.2.1: that is not ours is misdirected: %s', async (host) => {
    const answer = await asked(host).expect(421)
    expect(answer.text).not.toContain(host)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['set-cookie']).toBeUndefined()
    for (const path of ['/', '/c/shifa', '/app', '/webhooks/whatsapp']) await asked(host, path).expect(421)
  })

  it('goes by no forwarded name', async () => {
    const answer = await asked('nabz.test', '/sign-in', { 'X-Forwarded-Host': 'evil.test' }).expect(200)
    expect(answer.text).not.toContain('evil.test')
    await asked('evil.test', '/sign-in', { 'X-Forwarded-Host': 'nabz.test' }).expect(421)
  })

  it('does not matter to what asks whether the server lives', async () => {
    await asked('10.0.0.7:3000', '/healthz').expect(200)
    await asked('10.0.0.7:3000', '/readyz').expect(200)
  })

  it('of the machine itself is not answered in production', async () => {
    const server = express().use(ownHostOnly('https://nabz.example', true), (_req, res) => void res.send('in'))
    await request(server).get('/').set('Host', 'nabz.example').expect(200)
    for (const host of ['localhost', '127.0.0.1:3000', '[::1]:3000']) {
      await request(server).get('/').set('Host', host).expect(421)
    }
  })
})
