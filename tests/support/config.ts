import { readConfig, type Config } from '../../src/config.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

/** Settings for a test: complete, with obviously fake secrets. The base address is https, as in production. */
export function testConfig(overrides: Record<string, string>): Config {
  return readConfig({
    NODE_ENV: 'test',
    PORT: '0',
    BASE_URL: 'https://nabz.test',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'silent',
    SESSION_SECRET: key(1),
    PASSWORD_PEPPER: key(2),
    MASTER_KEY: key(3),
    LOOKUP_KEY: key(4),
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'Nabz <hello@nabz.test>',
    WHATSAPP_BASE_URL: 'http://127.0.0.1:1',
    WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
    WHATSAPP_DISPLAY_NUMBER: '+15550783881',
    WHATSAPP_ACCESS_TOKEN: 'test-access-token',
    WHATSAPP_APP_SECRET: 'test-app-secret',
    WHATSAPP_VERIFY_TOKEN: 'test-verify-token',
    ...overrides,
  })
}
