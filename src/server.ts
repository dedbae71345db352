// `npm start`: settings -> services -> app -> jobs, and a stop that cuts nothing off.
import { ConfigError, loadEnvironmentFile, readConfig } from './config.ts'
import { serve } from './serve.ts'

try {
  loadEnvironmentFile()
  const running = await serve(readConfig(process.env))
  const stop = () => {
    void running.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigError || error instanceof Error ? error.message : 'could not start'}\n`,
  )
  process.exit(1)
}
