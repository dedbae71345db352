// A button that prints; without it the browser's own menu does.
const button = document.querySelector('[data-print]')
button.hidden = false
document.querySelector('[data-print-hint]').hidden = true
button.addEventListener('click', () => window.print())
