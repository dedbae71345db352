// Keeps Today true while it is open: the server says that something changed, the page fetches the day again and puts it
// in place, without moving what is under the pointer or taking the focus. Without this file the page is as good as its
// last load.
const day = document.getElementById('day')
const announcer = document.getElementById('announcer')
const note = document.querySelector('[data-live-note]')

for (const part of document.querySelectorAll('[data-no-script]')) part.hidden = true
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

if (day) {
  const statuses = (root) =>
    new Map([...root.querySelectorAll('[data-visit]')].map((visit) => [visit.dataset.visit, visit.dataset.status]))
  const sentence = (list, count) => JSON.parse(list)[Math.min(count, 10) - 1]

  // What is new, told once in words: bookings that were not there, visits that were cancelled.
  const news = (before, after) => {
    const count = (test) => [...after].filter(test).length
    const booked = count(([id, status]) => status === 'booked' && [undefined, 'pending'].includes(before.get(id)))
    const cancelled = count(
      ([id, status]) => status === 'cancelled' && ![undefined, 'cancelled'].includes(before.get(id)),
    )
    return [
      ...(booked > 0 ? [sentence(day.dataset.booked, booked)] : []),
      ...(cancelled > 0 ? [sentence(day.dataset.cancelled, cancelled)] : []),
    ].join(' ')
  }

  /** Puts a new day in place of the old one, with focus, scroll and opened parts as they were. */
  const place = (fresh, quiet = false) => {
    const told = quiet ? '' : news(statuses(day), statuses(fresh))
    const focused = day.contains(document.activeElement) ? document.activeElement : undefined
    const key = focused?.dataset.key
    const visit = focused?.closest('[data-visit]')?.dataset.visit
    const opened = [...day.querySelectorAll('details[data-keep][open]')].map((part) => part.dataset.keep)
    const [x, y] = [window.scrollX, window.scrollY]
    day.replaceChildren(...fresh.childNodes)
    for (const part of day.querySelectorAll('details[data-keep]')) part.open = opened.includes(part.dataset.keep)
    window.scrollTo(x, y)
    if (focused) {
      // The same button, or what is left of its card: the next step, the menu, the name.
      const keys = [key, `${visit}:main`, `${visit}:menu`, `${visit}:name`]
      const again = keys.map((one) => one && day.querySelector(`[data-key="${CSS.escape(one)}"]`)).find(Boolean)
      ;(again ?? document.getElementById('main')).focus({ preventScroll: true })
    }
    lastPlaced = performance.now()
    if (told !== '') announce(told)
  }

  // Nothing moves while somebody is at it: the pointer is over the day and moved a moment ago, a menu is open, or a form
  // is on its way. What came meanwhile waits, and the page says so.
  let pointerAt = -Infinity
  let lastPlaced = -Infinity
  let sending = false
  day.addEventListener('pointermove', () => (pointerAt = performance.now()))
  day.addEventListener('pointerdown', () => (pointerAt = performance.now()))
  day.addEventListener('pointerleave', () => {
    pointerAt = -Infinity
    next.settle()
  })
  day.addEventListener('toggle', () => next.settle(), true)
  const busy = () => sending || performance.now() - pointerAt < 4000 || day.querySelector('details.menu[open]') !== null
  const say = (text) => {
    if (!note) return
    note.textContent = text
    note.hidden = text === ''
  }
  const next = whenNobodyIsBusy(busy, place, say)
  setInterval(next.settle, 1000)
  // A hand already on its way to a button must not land on another one.
  day.addEventListener(
    'click',
    (event) => {
      if (event.detail > 0 && performance.now() - lastPlaced < 400) {
        event.preventDefault()
        event.stopPropagation()
      }
    },
    true,
  )

  const parsed = (html) => new DOMParser().parseFromString(html, 'text/html')

  const look = oneAtATime(async () => {
    const fresh = await freshBoard(day.dataset.board)
    if (!fresh || sending || fresh.innerHTML === day.innerHTML) return
    next.bring(fresh, news(statuses(day), statuses(fresh)) === '' ? '' : day.dataset.waiting)
  })

  // One step: posted without leaving the page, so that the place on it is kept.
  day.addEventListener('submit', async (event) => {
    const { target: form, submitter: button } = event
    if (form.id !== 'steps' || sending) {
      if (sending) event.preventDefault()
      return
    }
    event.preventDefault()
    sending = true
    next.forget()
    const menu = button.closest('details.menu')
    try {
      const response = await fetch(button.formAction, { method: 'POST', body: new URLSearchParams(new FormData(form)) })
      const page = parsed(await response.text())
      const fresh = page.getElementById('day')
      // The clinic may not do it now, and this page says why.
      const told = response.status === 409 && page.getElementById('main')
      if (told) {
        const main = document.getElementById('main')
        main.replaceChildren(...told.childNodes)
        return main.focus()
      }
      if (!response.ok || !fresh) return location.reload()
      if (menu) menu.open = false
      place(fresh, true)
      const flash = page.querySelector('main > .flash')
      for (const old of document.querySelectorAll('main > .flash')) old.remove()
      if (flash) {
        document.getElementById('main').prepend(flash)
        announce(flash.querySelector('div').textContent)
      }
    } catch {
      location.reload()
    } finally {
      sending = false
    }
  })

  keepLooking(day.dataset.events, look, (away) => {
    if (!next.waits()) say(away ? day.dataset.offline : '')
  })
}
