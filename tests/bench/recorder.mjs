// Loaded into the server before anything else (`node --import`): tells the bench over IPC which statements a request
// sent, how much memory the process has, how much of the processor's time it took, and how long its event loop waited. Off, it costs one comparison per statement.
import { pathToFileURL } from 'node:url'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg from 'pg'

const { requestScope } = await import(new URL('./platform/log.js', pathToFileURL(process.argv[1])).href)
const recorded = new Map()
let recording = false

const plain = (value) => {
  if (value === null || value === undefined) return null
  if (Buffer.isBuffer(value) || Array.isArray(value) || typeof value !== 'object') return value
  return typeof value.toPostgres === 'function' ? value.toPostgres() : JSON.stringify(value)
}

function sweep() {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc')
  for (let round = 0; round < 3; round++) gc()
}

const query = pg.Client.prototype.query
pg.Client.prototype.query = function (config, values, callback) {
  if (recording) note(config, values)
  return query.call(this, config, values, callback)
}

function note(config, values) {
  const text = typeof config === 'string' ? config : config?.text
  const requestId = requestScope.getStore()?.requestId
  if (text === undefined || requestId === undefined) return
  const given = Array.isArray(values) ? values : (config.values ?? [])
  const name = typeof config === 'string' ? undefined : config.name
  const statements = recorded.get(requestId) ?? []
  statements.push({ text, values: given.map(plain), ...(name === undefined ? {} : { name }) })
  recorded.set(requestId, statements)
}

const delay = monitorEventLoopDelay({ resolution: 5 })

process.on('message', ({ ask, on }) => {
  if (ask === 'record') {
    recording = on
    recorded.clear()
    process.send({ answer: true })
  } else if (ask === 'statements') {
    process.send({ answer: Object.fromEntries(recorded) })
  } else if (ask === 'memory') {
    process.send({ answer: process.memoryUsage() })
  } else if (ask === 'sweep') {
    sweep()
    process.send({ answer: true })
  } else if (ask === 'delay') {
    // The timer's own 5 ms are no delay.
    const p99 = Math.max(0, delay.percentile(99) / 1e6 - 5)
    delay.reset()
    delay.enable()
    process.send({ answer: p99 })
  } else if (ask === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send({ answer: (user + system) / 1000 })
  }
})
process.channel?.unref()
