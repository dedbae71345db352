// The little markup people know from chats: *bold*, _italic_, ~struck~ and addresses that can be followed.
export type Piece = { text: string; as?: 'strong' | 'em' | 's' } | { text: string; href: string }

const address = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)'،؛؟۔])/
const marked = /(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/gu
const tags = { '*': 'strong', _: 'em', '~': 's' } as const

export function pieces(text: string): Piece[] {
  return text
    .split(address)
    .flatMap((part, at): Piece[] => (at % 2 === 1 ? [{ text: part, href: part }] : markedPieces(part)))
}

function markedPieces(text: string): Piece[] {
  const found: Piece[] = []
  let from = 0
  for (const match of text.matchAll(marked)) {
    const [whole, sign, inside = ''] = match
    if (match.index > from) found.push({ text: text.slice(from, match.index) })
    found.push({ text: inside, as: tags[sign as keyof typeof tags] })
    from = match.index + whole.length
  }
  if (from < text.length) found.push({ text: text.slice(from) })
  return found
}
