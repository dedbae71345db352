// Numbers for Prometheus, in its text format (version 0.0.4): counters and histograms of this process, and readings that
// are taken when somebody asks. A hundred lines of our own rather than a client library of several thousand. Labels
// come from the code (route patterns, job and metric names), never from a request, so that their number is bounded.
export type Labels = Readonly<Record<string, string>>
export type Sample = { labels?: Labels; value: number }
export type Family = { name: string; type: 'counter' | 'gauge'; help: string; samples: Sample[] }

/** Seconds; a page is good below a tenth, and given up at thirty. */
const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

type Histogram = { labels: Labels; counts: number[]; sum: number; count: number }

export type Metrics = {
  /** One request that was answered. */
  request(method: string, route: string, status: number, seconds: number): void
  /** Something that was counted for a clinic's day, as it was committed. */
  tallied: (metric: string, by: number) => void
  /** What this process counted, and then the readings of the moment. */
  render(readings: readonly Family[]): string
}

const knownMethods = new Set(['GET', 'POST', 'HEAD'])

/** Counts from zero with each process; Prometheus adds them up and knows of restarts. */
export function createMetrics(): Metrics {
  const requests = new Map<string, Sample>()
  const durations = new Map<string, Histogram>()
  const tallies = new Map<string, Sample>()
  const add = (samples: Map<string, Sample>, labels: Labels, by: number) => {
    const key = labelText(labels)
    const sample = samples.get(key)
    if (sample) sample.value += by
    else samples.set(key, { labels, value: by })
  }
  return {
    request(method, route, status, seconds) {
      const verb = knownMethods.has(method) ? method : 'other'
      add(requests, { method: verb, route, status: `${Math.floor(status / 100)}xx` }, 1)
      let histogram = durations.get(route)
      if (!histogram) {
        histogram = { labels: { route }, counts: buckets.map(() => 0), sum: 0, count: 0 }
        durations.set(route, histogram)
      }
      histogram.sum += seconds
      histogram.count++
      for (const [at, limit] of buckets.entries()) {
        if (seconds <= limit) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1
      }
    },
    // What is taken back later was still done: a counter only grows.
    tallied(metric, by) {
      if (by > 0) add(tallies, { metric }, by)
    },
    render(readings) {
      const families: Family[] = [
        {
          name: 'nabz_http_requests_total',
          type: 'counter',
          help: 'Requests answered, by route pattern and class of status.',
          samples: [...requests.values()],
        },
        {
          name: 'nabz_clinic_events_total',
          type: 'counter',
          help: 'What happened at clinics since this process started: bookings, messages and so on.',
          samples: [...tallies.values()],
        },
        ...readings,
      ]
      return [...families.map(familyText), histogramText([...durations.values()])].join('')
    },
  }
}

function familyText({ name, type, help, samples }: Family): string {
  if (samples.length === 0) return ''
  const lines = samples.map(({ labels = {}, value }) => `${name}${labelText(labels)} ${numberText(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function histogramText(histograms: readonly Histogram[]): string {
  const name = 'nabz_http_request_duration_seconds'
  if (histograms.length === 0) return ''
  const lines = histograms.flatMap(({ labels, counts, sum, count }) => [
    ...buckets.map((limit, at) => `${name}_bucket${labelText({ ...labels, le: String(limit) })} ${counts[at] ?? 0}\n`),
    `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}\n`,
    `${name}_sum${labelText(labels)} ${numberText(sum)}\n`,
    `${name}_count${labelText(labels)} ${count}\n`,
  ])
  return `# HELP ${name} Time from a request to the end of its answer, by route pattern.\n# TYPE ${name} histogram\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string) => value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"')

const numberText = (value: number) => (Number.isNaN(value) ? 'NaN' : String(value))
