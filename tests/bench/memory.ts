// How much memory the server takes: `npm run bench -- --only memory`. After its start, after a load of every kind of page
// and of bookings, and what of that is held after a sweep.
import { setTimeout as pause } from 'node:timers/promises'
import { loadPage, loadWork } from './load.ts'
import type { Diary } from './fixtures.ts'
import type { Patients } from './flow.ts'
import type { Nabz } from './server.ts'

export const memoryScenario = 'memory of the server'
const aimMb = 300

type Page = { name: string; path: (diary: Diary) => () => string; headers?: (diary: Diary) => Record<string, string> }

export async function measureMemory(
  { diary, nabz, patients }: { diary: Diary; nabz: Nabz; patients: Patients },
  pages: readonly Page[],
  seconds: number,
): Promise<void> {
  const lines: string[] = []
  let highest = 0
  const note = async (when: string) => {
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = await nabz.memory()
    const mb = (bytes: number) => (bytes / 1e6).toFixed(0).padStart(4)
    highest = Math.max(highest, rss)
    lines.push(
      `  ${when.padEnd(26)} ${mb(rss)} MB resident   heap ${mb(heapUsed)} of ${mb(heapTotal)}   outside it ${mb(external)} (buffers ${mb(arrayBuffers)})`,
    )
  }
  await note('after the start')
  for (const connections of [1, 8, 32]) {
    for (const page of pages) {
      const headers = page.headers?.(diary) ?? {}
      await loadPage(nabz.origin, page.path(diary), { connections, seconds, headers })
    }
    await note(`pages, ${connections} connections`)
  }
  for (const connections of [1, 8, 32]) {
    await loadWork(() => patients.bookOne(), { connections, seconds: seconds * 3 })
    await note(`bookings, ${connections} connections`)
  }
  await pause(5_000)
  await note('five quiet seconds later')
  await nabz.sweep()
  await note('what is held')
  const met = highest < aimMb * 1e6 ? 'ok' : 'NOT MET'
  process.stdout.write(`\n${memoryScenario} (aim: < ${aimMb} MB resident at any time)\n${lines.join('\n')}\n`)
  process.stdout.write(`  highest ${(highest / 1e6).toFixed(0)} MB   ${met}\n`)
}
