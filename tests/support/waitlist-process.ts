// A process that does nothing but ask those who wait about what came free, with its clock standing at NABZ_TEST_NOW. It
// begins when something is said on its standard input, so that several begin at once, and goes on until that ends. The
// environment carries the settings, as for a server.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { readConfig } from '../../src/config.ts'
import { offerFreedTimes } from '../../src/features/waitlist/actions/offer.ts'
import { movableClock } from '../../src/platform/clock.ts'
import { startServices } from '../../src/start.ts'

const now = process.env.NABZ_TEST_NOW
if (now === undefined) throw new Error('NABZ_TEST_NOW says what time it is')
const started = await startServices(readConfig(process.env), { clock: movableClock(now) })
process.stdout.write('ready\n')
await once(process.stdin, 'data')
let told = true
process.stdin.once('end', () => (told = false))
while (told) {
  await offerFreedTimes(started.services)
  // The machine is others' too.
  await pause(5)
}
await started.stop()
process.exit()
