// The second half of `npm run build`: what is read at run time and not compiled goes beside what was, in `dist` or the
// folder named.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const target = process.argv[2] ?? 'dist'
for (const folder of ['views', 'public', 'src/locales']) cpSync(folder, join(target, folder), { recursive: true })
cpSync('package.json', join(target, 'package.json'))

// Lists and other data that lie beside the code that reads them.
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  const from = join(entry.parentPath, entry.name)
  if (entry.isFile() && /\.(txt|json)$/.test(entry.name) && !from.startsWith(join('src', 'dev'))) {
    cpSync(from, join(target, from))
  }
}
rmSync(join(target, 'src/dev'), { recursive: true, force: true })
if (!existsSync(join(target, 'src/server.js'))) throw new Error('the build has no server')
