// `npm start`: settings -> services -> app -> jobs, and a stop that cuts nothing off.
import { setFlagsFromString } from 'node:v8'
import { loadEnvironmentFile, readConfig } from './config.ts'
import { reasonOf } from './run-command.ts'
import { serve } from './serve.ts'

// On a machine with much memory V8 lets its heap grow to four times what is held before it cleans up. What is held here
// is small and pages make much that is short-lived: half as much again keeps the process a third smaller, at the same pace.
setFlagsFromString('--heap-growing-percent=50')

try {
  loadEnvironmentFile()
  const running = await serve(readConfig(process.env))
  const stop = () => {
    void running.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`)
  process.exit(1)
}
