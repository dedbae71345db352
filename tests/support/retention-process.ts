// A process that does nothing but apply the rules of retention, with both clocks standing at NABZ_TEST_NOW. The environment
// carries the settings, as for a server.
import { readConfig } from '../../src/config.ts'
import { applyRetention } from '../../src/features/privacy/actions.ts'
import { Temporal } from '../../src/kernel/time.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { startServices } from '../../src/start.ts'

const now = process.env.NABZ_TEST_NOW
if (now === undefined) throw new Error('NABZ_TEST_NOW says what time it is')
const databaseNow = () => Promise.resolve(Temporal.Instant.from(now))
const started = await startServices(readConfig(process.env), { clock: movableClock(now), databaseNow })
process.stdout.write('ready\n')
await applyRetention(started.services)
await started.stop()
