// Comforts of the staff pages. Everything here has a link or a form that does the same without it.

// Menus are <details>: close them by Escape, by a click elsewhere, or by opening another.
const openMenus = () => document.querySelectorAll('details.menu[open]')
document.addEventListener('click', (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  for (const menu of openMenus()) {
    menu.open = false
    menu.querySelector('summary').focus()
  }
})

// The side navigation folds for this page only: nothing is kept in the browser.
const fold = document.querySelector('[data-fold]')
if (fold) {
  fold.hidden = false
  fold.addEventListener('click', () => {
    const folded = document.body.classList.toggle('is-folded')
    fold.setAttribute('aria-expanded', String(!folded))
  })
}

// Light and dark change at once; the form saves the choice.
const themeForm = document.querySelector('[data-theme-form]')
themeForm?.addEventListener('submit', (event) => {
  const pressed = event.submitter
  if (!pressed?.value) return
  event.preventDefault()
  document.documentElement.dataset.theme = pressed.value
  for (const choice of themeForm.querySelectorAll('[name=theme]'))
    choice.setAttribute('aria-pressed', String(choice === pressed))
  const body = new URLSearchParams(new FormData(themeForm))
  body.set('theme', pressed.value)
  fetch(themeForm.action, { method: 'POST', body, redirect: 'manual' }).catch(() => undefined)
})

// Single keys: `data-shortcut="x"` on a link, button or field. Never while typing, and not at all where a person switched them off.
const keys = document.getElementById('keys')
const keysButton = document.querySelector('[data-keys-open]')
if (keysButton) {
  keysButton.hidden = false
  keysButton.addEventListener('click', () => keys.showModal())
}
const typing = (target) =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog') !== null
const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
const back = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft'
const named = { [forward]: 'next', [back]: 'previous' }

if (document.body.dataset.shortcuts !== 'off') {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
    if (event.key === '?') {
      event.preventDefault()
      keys?.showModal()
      return
    }
    const wanted = named[event.key] ?? event.key.toLowerCase()
    const target = document.querySelector(`[data-shortcut="${CSS.escape(wanted)}"]`)
    if (!target) return
    event.preventDefault()
    if (target.matches('input, textarea, select')) target.focus()
    else target.click()
  })
}

// On a phone the settings' menu scrolls sideways: begin with the page one is on in view. Beside the page it is a column
// that may be longer than the window, and the page begins at its title.
const settingsNav = document.querySelector('.settings-nav')
if (settingsNav && settingsNav.scrollWidth > settingsNav.clientWidth) {
  settingsNav.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
}
