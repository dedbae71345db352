// What changed between two versions of a text, line by line and within a line word by word.
import { diffArrays } from 'diff'

export type Part = { kind: 'same' | 'added' | 'removed'; text: string }
export type Change = { kind: 'added' | 'removed' | 'changed'; parts: Part[] }
/** The changes below one heading of the text; without a heading, those before the first. */
export type ChangedSection = { heading: string | undefined; changes: Change[] }

/** Lines as a reader sees them: the marks of Markdown say nothing to anybody. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\|[\s|:-]+\|$/.test(line))
    .map((line) =>
      line
        .replace(/^(- |\d+\. |> )/, '')
        .replace(/^\|\s*|\s*\|$/g, '')
        .replaceAll(/\s*\|\s*/g, ' · ')
        .replaceAll(/\*\*|`/g, '')
        .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1'),
    )
}

const isHeading = (line: string) => /^#{1,3} /.test(line)
const wordsIn = (line: string) => line.replace(/^#{1,3} /, '').split(/\s+/)

export function changesBetween(before: string, after: string): ChangedSection[] {
  const sections: ChangedSection[] = []
  let heading: string | undefined
  const add = (change: Change) => {
    const last = sections.at(-1)
    if (last && last.heading === heading) last.changes.push(change)
    else sections.push({ heading, changes: [change] })
  }
  const pieces = diffArrays(linesOf(before), linesOf(after))
  for (let at = 0; at < pieces.length; at++) {
    const { value = [], added, removed } = pieces[at] ?? {}
    if (!added && !removed) {
      heading = value.findLast(isHeading)?.replace(/^#+ /, '') ?? heading
      continue
    }
    const next = pieces[at + 1]
    // What went and what came in its place are shown together.
    const replaced = removed && next?.added ? next.value : undefined
    if (replaced) at++
    const [gone, come] = removed ? [value, replaced ?? []] : [[], value]
    for (let line = 0; line < Math.max(gone.length, come.length); line++) add(changeOf(gone[line], come[line]))
    heading = come.findLast(isHeading)?.replace(/^#+ /, '') ?? heading
  }
  return sections
}

function changeOf(gone: string | undefined, come: string | undefined): Change {
  if (gone === undefined) return { kind: 'added', parts: [{ kind: 'added', text: wordsIn(come ?? '').join(' ') }] }
  if (come === undefined) return { kind: 'removed', parts: [{ kind: 'removed', text: wordsIn(gone).join(' ') }] }
  const parts = diffArrays(wordsIn(gone), wordsIn(come)).map(({ value, added, removed }): Part => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value.join(' '),
  }))
  return { kind: 'changed', parts }
}
