// `npm run policies`: whether what is published is still what the service does. Ends with 1 when a new version is due.
import { readConfig } from './config.ts'
import { presentText } from './features/policies/actions/texts.ts'
import { listVersions } from './features/policies/queries.ts'
import { policyCodes } from './kernel/policies.ts'
import { connect } from './platform/db/connect.ts'
import { createSpeakers } from './platform/i18n/speaker.ts'
import { loadTranslations } from './platform/i18n/translate.ts'
import { runCommand, say } from './run-command.ts'

await runCommand(async () => {
  const config = readConfig(process.env)
  const db = connect(config.database.url, 1)
  try {
    const parts = { config, speakers: createSpeakers(loadTranslations()) }
    const published = (await listVersions(db)).filter(({ publishedAt }) => publishedAt !== null)
    for (const code of policyCodes) {
      const latest = published.find((one) => one.code === code)
      const matches = latest?.sha256 === presentText(parts, code).sha256
      if (!matches) process.exitCode = 1
      say(
        latest === undefined
          ? `${code}: nothing is published yet`
          : matches
            ? `${code}: version ${latest.version} says what the service does`
            : `${code}: the text no longer matches version ${latest.version}: publish a new draft at /admin/policies`,
      )
    }
  } finally {
    await db.destroy()
  }
})
