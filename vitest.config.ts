import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take long begin first, so that no process is left alone with one at the end; before them what measures its
 * own process's memory, while little is loaded in it. Else as usual.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const long = /\/(browser\/|billing\/year|hostile-input|access\.|attacker\/|accounts\/admins|messaging\/two-)/
    const rank = ({ moduleId }: TestSpecification) =>
      moduleId.includes('/export/memory') ? 0 : long.test(moduleId) ? 1 : 2
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'tests/bench/**'],
    globalSetup: ['tests/support/postgres.ts'],
    pool: 'forks',
    fileParallelism: true,
    // Much of a test is waiting for the database or a browser: two at least, also where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A process keeps what it loaded for the next file: reading the whole product in anew cost half the time. What a file
    // changes it takes back, and its data are in a database of its own.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
