/** A small seeded generator (mulberry32): the same seed gives the same clinics every time. */
export type Chance = {
  /** In [0, 1). */
  next(): number
  pick<T>(items: readonly T[]): T
  upTo(count: number): number
}

export function chance(seed: string): Chance {
  let state = [...seed].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619), 2166136261)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const upTo = (count: number) => Math.floor(next() * count)
  return {
    next,
    upTo,
    pick: (items) => {
      const item = items[upTo(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}
