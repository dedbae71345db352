// Reads the problem out and puts the keyboard at it: the summary takes the focus when the page opens.
const summary = document.getElementById('error-summary')
summary?.focus()

// A link of the summary goes to the field itself, with its label still in view.
summary?.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null
  const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)))
  if (!field) return
  event.preventDefault()
  const label = field.closest('.field') ?? field
  label.scrollIntoView()
  field.focus({ preventScroll: true })
})
