import qrcode from 'qrcode-generator'

/** A text as the squares of a QR code: one path in a box of `size` units, quiet zone included. */
export function qrSquares(text: string): { size: number; path: string } {
  const code = qrcode(0, 'M')
  code.addData(text)
  code.make()
  const count = code.getModuleCount()
  const quiet = 4
  const squares: string[] = []
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) squares.push(`M${column + quiet} ${row + quiet}h1v1h-1z`)
    }
  }
  return { size: count + 2 * quiet, path: squares.join('') }
}
