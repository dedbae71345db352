// A process that does nothing but send what is due, with its clock standing at NABZ_TEST_NOW. The environment carries
// the settings, as for a server.
import { readConfig } from '../../src/config.ts'
import { dispatchDue } from '../../src/features/messaging/actions/dispatch.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { startServices } from '../../src/start.ts'

const now = process.env.NABZ_TEST_NOW
if (now === undefined) throw new Error('NABZ_TEST_NOW says what time it is')
const started = await startServices(readConfig(process.env), { clock: movableClock(now) })
process.stdout.write('ready\n')
await dispatchDue(started.services)
await started.stop()
