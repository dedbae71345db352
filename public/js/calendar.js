// The calendar while it is open: live, and visits moved and stretched by pointer or keyboard. Whatever is done has a link
// or a form that does the same; the server alone says what may stand where. Here is what every view has; the files named
// calendar-… come after it, in an order in which each uses what those before it name.
const calendar = document.getElementById('calendar')
const announcer = document.getElementById('announcer')

for (const part of document.querySelectorAll('[data-no-script]')) part.hidden = true
for (const part of document.querySelectorAll('[data-with-script]')) part.hidden = false
for (const form of document.querySelectorAll('form[data-auto-submit]'))
  form.addEventListener('change', () => form.requestSubmit())
const printing = document.querySelector('[data-print]')
if (printing) {
  printing.hidden = false
  printing.addEventListener('click', () => window.print())
}

const announce = (text) => {
  announcer.textContent = ''
  // A region speaks when it changes: the same sentence twice has to come in two steps.
  requestAnimationFrame(() => (announcer.textContent = text))
}
const parsed = (html) => new DOMParser().parseFromString(html, 'text/html')
