// A process that does nothing but erase clinics whose time has come, with its clock standing at NABZ_TEST_NOW. Says so at
// every piece of work, so that a test may kill it at any of them.
import { readConfig } from '../../src/config.ts'
import { runClosings } from '../../src/features/closing/actions/purge.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { startServices } from '../../src/start.ts'

const now = process.env.NABZ_TEST_NOW
if (now === undefined) throw new Error('NABZ_TEST_NOW says what time it is')
const clock = movableClock(now)
const started = await startServices(readConfig(process.env), { clock, databaseNow: () => Promise.resolve(clock.now()) })
process.stdout.write('ready\n')
await runClosings(started.services)
await started.stop()
process.stdout.write('done\n')
