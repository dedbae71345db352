// Comforts of the console. Everything here has a button that does the same without it.

// A filter applies as it is chosen.
const filters = document.querySelector('[data-filters]')
if (filters) {
  const button = filters.querySelector('[data-apply-button]')
  if (button) button.hidden = true
  filters.addEventListener('change', (event) => {
    if (event.target.matches('[data-apply]')) filters.requestSubmit()
  })
  // What was left empty needs no place in the address.
  filters.addEventListener('submit', () => {
    for (const field of filters.elements) if (field.name && field.value === '') field.disabled = true
  })
  window.addEventListener('pageshow', () => {
    for (const field of filters.elements) field.disabled = false
  })
}
