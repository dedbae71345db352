// `npm run whatsapp:templates`: registers our message templates with the WhatsApp Business Account whose id is in
// WHATSAPP_BUSINESS_ACCOUNT_ID, and shows in what state WhatsApp has each. Safe to run again.
import { readConfig } from './config.ts'
import { registerTemplates } from './features/messaging/actions/templates.ts'
import { createSpeakers } from './platform/i18n/speaker.ts'
import { loadTranslations } from './platform/i18n/translate.ts'
import { Refused, requiredSetting, runCommand, say } from './run-command.ts'

const usage = 'WHATSAPP_BUSINESS_ACCOUNT_ID is the digits of the WhatsApp Business Account.'

await runCommand(async () => {
  const account = requiredSetting('WHATSAPP_BUSINESS_ACCOUNT_ID', usage)
  if (!/^\d+$/.test(account)) throw new Refused(usage)
  const services = { config: readConfig(process.env), speakers: createSpeakers(loadTranslations()) }
  for (const { name, language, status } of await registerTemplates(services, account)) {
    say(`${name.padEnd(20)} ${language}  ${status}`)
  }
})
