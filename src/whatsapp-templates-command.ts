// `npm run whatsapp:templates`: registers our message templates with the WhatsApp Business Account whose id is in
// WHATSAPP_BUSINESS_ACCOUNT_ID, and shows in what state WhatsApp has each. Safe to run again.
import { loadEnvironmentFile, readConfig } from './config.ts'
import { registerTemplates } from './features/messaging/actions/templates.ts'
import { createSpeakers } from './platform/i18n/speaker.ts'
import { loadTranslations } from './platform/i18n/translate.ts'

loadEnvironmentFile()
const account = process.env.WHATSAPP_BUSINESS_ACCOUNT_ID
if (account === undefined || !/^\d+$/.test(account)) {
  process.stderr.write('WHATSAPP_BUSINESS_ACCOUNT_ID is missing: the digits of the WhatsApp Business Account.\n')
  process.exit(1)
}
try {
  const services = { config: readConfig(process.env), speakers: createSpeakers(loadTranslations()) }
  for (const { name, language, status } of await registerTemplates(services, account)) {
    process.stdout.write(`${name.padEnd(20)} ${language}  ${status}\n`)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`)
  process.exit(1)
}
