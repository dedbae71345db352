// Where the marks of a plot go, in the units of its drawing. Pure geometry: words, numbers and colours are others'.

export const size = { width: 440, height: 220 }
const margin = { start: 54, end: 10, top: 10, bottom: 26 }
const inner = { width: size.width - margin.start - margin.end, height: size.height - margin.top - margin.bottom }

/** null: there is nothing to tell of that period. */
export type Values = readonly (number | null)[]
export type Mark = { x: number; y: number; path: string }
export type Tick = { value: number; y: number }
export type Label = { at: number; x: number }

/** Round numbers that enclose the values, zero always among them; some four steps. */
export function ticksFor(values: readonly number[], whole: boolean): number[] {
  const low = Math.min(0, ...values)
  const high = Math.max(0, ...values)
  if (low === high) return [0, 1]
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough
  const stride = whole ? Math.max(1, Math.round(step)) : step
  const from = Math.floor(low / stride)
  const to = Math.ceil(high / stride)
  // Multiplied rather than added up: 0.1 + 0.2 would else print its error.
  return Array.from({ length: to - from + 1 }, (_, at) => Number(((from + at) * stride).toPrecision(12)))
}

export type Frame = {
  ticks: Tick[]
  labels: Label[]
  /** The line of zero. */
  zero: number
  /** From the first period to the last; time runs from right to left where reading does. */
  x(at: number): number
  y(value: number): number
  band: number
  startX: number
  endX: number
}

const maxLabels = 6

export function frameFor(count: number, values: readonly number[], options: { whole: boolean; rtl: boolean }): Frame {
  const ticks = ticksFor(values, options.whole)
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1]
  const y = (value: number) => round(margin.top + inner.height * (1 - (value - low) / (high - low)))
  const band = inner.width / Math.max(1, count)
  const mirrored = (x: number) => round(options.rtl ? size.width - x : x)
  const x = (at: number) => mirrored(margin.start + band * (at + 0.5))
  const every = Math.ceil(count / maxLabels)
  return {
    ticks: ticks.map((value) => ({ value, y: y(value) })),
    // The last is always told, since it is the latest.
    labels: Array.from({ length: count }, (_, at) => at)
      .filter((at) => (count - 1 - at) % every === 0)
      .map((at) => ({ at, x: x(at) })),
    zero: y(0),
    x,
    y,
    band,
    startX: mirrored(margin.start),
    endX: mirrored(size.width - margin.end),
  }
}

/** A line with a mark at every point; it breaks where there is nothing to tell. */
export function lineOf(frame: Frame, values: Values, shape: number): { path: string; marks: Mark[] } {
  let path = ''
  let drawing = false
  const marks: Mark[] = []
  for (const [at, value] of values.entries()) {
    if (value === null) {
      drawing = false
      continue
    }
    const [x, y] = [frame.x(at), frame.y(value)]
    path += `${drawing ? 'L' : 'M'}${x} ${y}`
    drawing = true
    marks.push({ x, y, path: markPath(shape, x, y) })
  }
  return { path, marks }
}

/** Told apart by form, for whom colours don't: disc, square, triangle, diamond. */
export function markPath(shape: number, x: number, y: number): string {
  const r = 3.5
  switch (shape % 4) {
    case 1:
      return `M${round(x - 3)} ${round(y - 3)}h6v6h-6z`
    case 2:
      return `M${x} ${round(y - 4)}L${round(x + 4)} ${round(y + 3)}H${round(x - 4)}z`
    case 3:
      return `M${x} ${round(y - 4.5)}l4.5 4.5l-4.5 4.5l-4.5 -4.5z`
    default:
      return `M${round(x - r)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`
  }
}

export type Column = { x: number; y: number; width: number; height: number }

/** Columns one on top of the other: what adds above the line of zero, what takes away below it. */
export function stackOf(frame: Frame, series: readonly Values[]): Column[][] {
  const width = round(Math.min(34, frame.band * 0.68))
  const columns: Column[][] = series.map(() => [])
  const count = series[0]?.length ?? 0
  for (let at = 0; at < count; at++) {
    let [above, below] = [0, 0]
    for (const [which, values] of series.entries()) {
      const value = values[at] ?? 0
      if (value === 0) continue
      const from = value > 0 ? above : below
      const to = from + value
      if (value > 0) above = to
      else below = to
      const [top, bottom] = [frame.y(Math.max(from, to)), frame.y(Math.min(from, to))]
      // A sliver that can't be seen would say there was nothing.
      const height = Math.max(1, round(bottom - top))
      columns[which]?.push({ x: round(frame.x(at) - width / 2), y: top, width, height })
    }
  }
  return columns
}

/** The ends of what stacked columns reach, for the ticks. */
export function stackEnds(series: readonly Values[]): number[] {
  const count = series[0]?.length ?? 0
  return Array.from({ length: count }, (_, at) => {
    const values = series.map((one) => one[at] ?? 0)
    const sum = (test: (value: number) => boolean) => values.filter(test).reduce((a, b) => a + b, 0)
    return [sum((value) => value > 0), sum((value) => value < 0)]
  }).flat()
}

const round = (value: number) => Math.round(value * 10) / 10
