// Booking and moving: people are found while one types, days and times come without a reload. Each part does the same as
// a button of the form that is there without this file.
const form = document.querySelector('form[data-booking]')
for (const part of document.querySelectorAll('[data-no-script]')) part.hidden = true

/** Whether what is chosen could not be looked up: the buttons that do the same without this file are there meanwhile. */
function lost(is) {
  form.querySelector('[data-look-failed]').hidden = !is
  for (const part of form.querySelectorAll('[data-no-script]')) part.hidden = !is
}

/** Asks the server for the page with what is chosen now and takes over the parts about times. Nothing is booked by it. */
let asked = 0
async function look(name, value) {
  const mine = ++asked
  const body = new URLSearchParams(new FormData(form))
  body.set('step', 'look')
  if (name) body.set(name, value)
  form.setAttribute('aria-busy', 'true')
  try {
    const response = await fetch(form.action, { method: 'POST', body })
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    if (mine !== asked) return
    const fresh = page.querySelector('form[data-booking]')
    // An error, or the page to sign in again: whoever presses a button is shown it.
    if (!fresh) return lost(true)
    const focused = document.activeElement
    const again = focused?.id ? `#${CSS.escape(focused.id)}` : name && `[name="${name}"][value="${CSS.escape(value)}"]`
    for (const part of form.querySelectorAll('[data-swap]')) {
      const other = fresh.querySelector(`[data-swap="${part.dataset.swap}"]`)
      // What is asked about the same service stands there already, and somebody may be typing.
      if (!other || (part.dataset.about && part.dataset.about === other.dataset.about)) continue
      part.replaceChildren(...other.childNodes)
      if (other.dataset.about) part.dataset.about = other.dataset.about
    }
    lost(false)
    const target = again && form.querySelector(again)
    ;(target || form.querySelector('.day[aria-pressed="true"]'))?.focus({ preventScroll: true })
    const title = form.querySelector('.times-title')
    if (title) document.getElementById('announcer').textContent = title.textContent
  } catch {
    if (mine === asked) lost(true)
  } finally {
    if (mine === asked) form.removeAttribute('aria-busy')
  }
}

// The time that was lost, and what there is instead, comes first.
form?.querySelector('[data-lost]')?.focus()

if (form) {
  form.addEventListener('change', (event) => {
    const choices = event.target.closest('[data-looks]')
    // Of several choices one alone may matter: it is named.
    if (choices && ['', event.target.name].includes(choices.dataset.looks)) void look()
  })
  let sent = false
  form.addEventListener('submit', (event) => {
    const pressed = event.submitter
    if (pressed?.name === 'day' || pressed?.name === 'week') {
      event.preventDefault()
      void look(pressed.name, pressed.value)
      return
    }
    // Once is enough.
    if (sent) event.preventDefault()
    else sent = true
  })
  window.addEventListener('pageshow', () => (sent = false))
}

const search = form?.querySelector('[name="q"]')
const people = form?.querySelector('[data-people-list]')
if (search && people) {
  const newPerson = form.querySelector('[data-new-person]')
  const name = form.querySelector('[name="name"]')
  const phone = form.querySelector('[name="phone"]')
  let filled = ''
  let timer
  let turn = 0
  let foundFor

  /** Nobody found: what was typed is the new patient's name, or their number. */
  const takeOver = (typed) => {
    newPerson.open = true
    const digits = /^[+\d٠-٩۰-۹\s().-]+$/.test(typed)
    const field = digits ? phone : name
    const other = digits ? name : phone
    if (other.value === filled) other.value = ''
    if (field.value === '' || field.value === filled) field.value = filled = typed
  }

  const find = async () => {
    const typed = search.value.trim()
    const mine = ++turn
    if ([...typed].length < 2) {
      people.replaceChildren()
      return
    }
    const query = new URLSearchParams({ q: typed })
    for (const field of ['service', 'practitioner', 'location', 'date', 'time', 'back']) {
      const value = form.elements.namedItem(field)?.value
      if (value) query.set(field, value)
    }
    try {
      const response = await fetch(`${form.dataset.people}?${query}`)
      if (mine !== turn || !response.ok) return
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
      people.replaceChildren(...fresh.body.childNodes)
      foundFor = typed
      if (people.querySelector('a') === null) takeOver(typed)
    } catch {
      // The form's own search button is still there.
    }
  }
  search.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(find, 180)
  })

  // Up and down through the people found, Enter chooses the first.
  const links = () => [...people.querySelectorAll('a')]
  search.addEventListener('keydown', (event) => {
    const [first] = links()
    if (!first || event.isComposing) return
    if (event.key === 'ArrowDown') {
      event.preventDefault()
      first.focus()
    } else if (event.key === 'Enter' && foundFor === search.value.trim()) {
      event.preventDefault()
      first.click()
    }
  })
  people.addEventListener('keydown', (event) => {
    const at = links().indexOf(document.activeElement)
    if (at < 0) return
    if (event.key === 'ArrowDown') links()[at + 1]?.focus()
    else if (event.key === 'ArrowUp') (links()[at - 1] ?? search).focus()
    else return
    event.preventDefault()
  })
}
