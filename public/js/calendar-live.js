// The calendar stays true while it is open, and never changes under somebody's hand.
const said = JSON.parse(calendar.dataset.said)
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '')
const note = document.querySelector('[data-live-note]')
const say = (text) => {
  if (!note) return
  note.textContent = text
  note.hidden = text === ''
}

const statuses = (root) =>
  new Map([...root.querySelectorAll('[data-visit]')].map((visit) => [visit.dataset.visit, visit.dataset.status]))
const sentence = (list, count) => list[Math.min(count, 10) - 1]
/** What is new, told once in words: bookings that were not there, visits that are gone. */
const news = (before, after) => {
  const booked = [...after].filter(
    ([id, status]) => status === 'booked' && [undefined, 'pending'].includes(before.get(id)),
  ).length
  const gone = [...before].filter(([id, status]) => status === 'booked' && !after.has(id)).length
  return [
    ...(booked > 0 ? [sentence(said.booked, booked)] : []),
    ...(gone > 0 ? [sentence(said.cancelled, gone)] : []),
  ].join(' ')
}

let sending = false
/** The visit that is in somebody's hand, by pointer or keyboard. */
let held

/** Puts a new calendar in place of the old one, with focus and scroll as they were. */
const place = (fresh, quiet = false) => {
  const told = quiet ? '' : news(statuses(calendar), statuses(fresh))
  const focused = calendar.contains(document.activeElement) ? document.activeElement.dataset.key : undefined
  const opened = [...calendar.querySelectorAll('details[data-keep][open]')].map((part) => part.dataset.keep)
  const [x, y] = [window.scrollX, window.scrollY]
  const [left, top] = [grid()?.scrollLeft ?? 0, grid()?.scrollTop ?? 0]
  calendar.replaceChildren(...fresh.childNodes)
  for (const part of calendar.querySelectorAll('details[data-keep]')) part.open = opened.includes(part.dataset.keep)
  if (grid()) Object.assign(grid(), { scrollLeft: left, scrollTop: top })
  window.scrollTo(x, y)
  if (focused) {
    const again = calendar.querySelector(`[data-key="${CSS.escape(focused)}"]`)
    ;(again ?? document.getElementById('main')).focus({ preventScroll: true })
  }
  if (told !== '') announce(told)
}
let pressed
const busy = () =>
  sending || held !== undefined || pressed !== undefined || calendar.querySelector('details.menu[open]') !== null
const next = whenNobodyIsBusy(busy, place, say)
calendar.addEventListener('toggle', next.settle, true)

const look = oneAtATime(async () => {
  const fresh = await freshBoard(calendar.dataset.board)
  // What stands there already is left alone, with whatever is being pointed at.
  if (!fresh || sending || (!next.waits() && fresh.innerHTML.trim() === calendar.innerHTML.trim())) return
  next.bring(fresh, said.waiting)
})
keepLooking(calendar.dataset.events, look, (away) => {
  if (!next.waits()) say(away ? said.offline : '')
})
