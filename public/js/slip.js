// Prints the slip: at once when it was just made, and whenever asked.
const button = document.querySelector('[data-print]')
button.hidden = false
button.addEventListener('click', () => window.print())
if ('printNow' in document.body.dataset) {
  // Going back and coming here again prints nothing.
  const url = new URL(location.href)
  url.searchParams.delete('print')
  history.replaceState(null, '', url)
  window.print()
}
// The keyboard goes on with the next one.
document.querySelector('[data-again]').focus()
