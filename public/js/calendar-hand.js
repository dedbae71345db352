// A visit in somebody's hand, however it is held: where it may stand, how it is drawn, and what happens where it is put.
const post = document.getElementById('cal-post')
const taken = document.getElementById('cal-taken')

/** Where this visit may stand among the days that are shown. Asked once for each time it is picked up. */
const timesFor = async (id) => {
  const url = new URL(calendar.dataset.times, location.href)
  url.searchParams.set('visit', id)
  const response = await fetch(url, { headers: { Accept: 'application/json' } })
  return response.ok ? response.json() : []
}
const dropsIn = (column) =>
  (held?.drops ?? []).filter(
    (drop) =>
      drop.date === column.dataset.date &&
      (column.dataset.practitioner === '' || drop.practitioner === column.dataset.practitioner),
  )
/** The listed time nearest to a minute, if it is so near that it was meant. */
const nearest = (column, minute, reach) =>
  dropsIn(column)
    .filter((drop) => Math.abs(drop.minute - minute) <= reach)
    .sort((a, b) => Math.abs(a.minute - minute) - Math.abs(b.minute - minute))[0]

const pickUp = (item, how) => {
  const column = columnOf(item)
  aimless()
  held = {
    how,
    item,
    id: item.dataset.visit,
    name: item.querySelector('.cal-name').textContent,
    column,
    minute: Number(item.dataset.start),
    minutes: Number(item.dataset.minutes),
    start: { column, minute: Number(item.dataset.start), minutes: Number(item.dataset.minutes) },
    drops: undefined,
    marks: [],
  }
  const mine = held
  item.classList.add('is-picked')
  grid().classList.add('is-moving')
  held.ghost = document.createElement('div')
  held.ghost.className = 'cal-ghost'
  held.ghost.setAttribute('aria-hidden', 'true')
  draw()
  if (item.dataset.movable === undefined) held.drops = []
  else {
    timesFor(held.id).then(
      (found) => {
        if (held !== mine) return
        held.drops = found
        mark()
        if (held.how === 'pointer' && held.point) follow(held.point)
      },
      () => undefined,
    )
  }
}
/** A line at each time the visit may begin. */
const mark = () => {
  for (const column of columns()) {
    for (const drop of dropsIn(column)) {
      const line = document.createElement('span')
      line.className = 'cal-drop'
      line.setAttribute('aria-hidden', 'true')
      line.style.insetBlockStart = topOf(drop.minute)
      laneOf(column).append(line)
      held.marks.push(line)
    }
  }
}
const stays = () => held.column === held.start.column && held.minute === held.start.minute
const isListed = () => stays() || dropsIn(held.column).some((drop) => drop.minute === held.minute)
const draw = () => {
  const { ghost, column, minute, minutes } = held
  const lane = laneOf(column)
  if (ghost.parentElement !== lane) lane.append(ghost)
  ghost.style.insetBlockStart = topOf(minute)
  ghost.style.blockSize = `${Math.max(pixels(minutes), 24)}px`
  const time = document.createElement('strong')
  time.textContent = `${timeText(minute)} – ${timeText((minute + minutes) % 1440)}`
  const name = document.createElement('bdi')
  name.textContent = held.name
  ghost.replaceChildren(time, name)
  ghost.classList.toggle('is-taken', held.drops !== undefined && !isListed())
}
const putDown = () => {
  held.item.classList.remove('is-picked')
  grid()?.classList.remove('is-moving')
  document.body.classList.remove('is-dragging')
  for (const line of held.marks) line.remove()
  held.ghost.remove()
  held = undefined
}
const putBack = () => {
  putDown()
  announce(said.put_back)
  next.settle()
}
const spoken = () => `${timeText(held.minute)}, ${nameOf(held.column)}`

/** Sends what was done, and takes over the calendar the server answers with. */
const send = async (path, values, where) => {
  sending = true
  next.forget()
  const body = new URLSearchParams(new FormData(post))
  for (const [name, value] of Object.entries(values)) body.set(name, value)
  try {
    const response = await fetch(`${calendar.dataset.appointments}/${path}`, { method: 'POST', body })
    const page = parsed(await response.text())
    const fresh = page.getElementById('calendar')
    if (response.ok && fresh) {
      place(fresh, true)
      for (const old of document.querySelectorAll('main > .flash')) old.remove()
      const flash = page.querySelector('main > .flash')
      if (flash) {
        document.getElementById('main').prepend(flash)
        announce(flash.querySelector('div').textContent)
      }
      return
    }
    if (page.querySelector('[data-lost]') && where) return offer(page.querySelector('[data-lost]'), path, where)
    const wrong = page.querySelector('.error-summary, [data-lost], .notice-error, .form-error')
    if (wrong && response.status < 500) return complain(wrong)
    location.reload()
  } catch {
    say(said.failed)
    announce(said.failed)
  } finally {
    sending = false
    if (!document.querySelector('dialog[open]')) void look()
  }
}
const complain = (wrong) => {
  const text = (wrong.querySelector('li, p') ?? wrong).textContent.trim()
  say(text)
  announce(text)
}
/** That time is taken: the nearest that are not, or on top of it with a reason. */
const offer = (lost, path, where) => {
  taken.querySelector('[data-taken-when]').textContent = filled(said.taken, { at: where.at })
  taken.querySelector('[data-taken-slots]').replaceChildren(...(lost.querySelector('.slots')?.childNodes ?? []))
  const form = taken.querySelector('[data-taken]')
  form.action = `${calendar.dataset.appointments}/${path}`
  for (const name of ['practitioner', 'date', 'time']) form.elements.namedItem(name).value = where[name]
  taken.showModal()
}
taken?.addEventListener('close', () => void look())
taken?.querySelector('[data-taken]').addEventListener('submit', (event) => {
  const form = event.target
  const { submitter } = event
  if (submitter?.name !== 'slot' && form.elements.reason.value.trim() === '') {
    event.preventDefault()
    form.elements.reason.focus()
    return
  }
  event.preventDefault()
  const values = Object.fromEntries(new FormData(form))
  values[submitter.name] = submitter.value
  taken.close()
  void send(form.action.slice(form.action.lastIndexOf('/appointments/') + '/appointments/'.length), values)
})

const drop = () => {
  const { id, column, minute, minutes, start, item } = held
  const listed = dropsIn(column).find((one) => one.minute === minute)
  const same = stays()
  putDown()
  item.querySelector('a')?.focus({ preventScroll: true })
  if (!same) {
    const where = {
      practitioner: column.dataset.practitioner || item.dataset.practitioner,
      date: column.dataset.date,
      time: formTime(minute),
    }
    const at = `\u2068${timeText(minute)}\u2069, \u2068${nameOf(column)}\u2069`
    return void send(`${id}/move`, listed ? { slot: listed.slot } : { step: 'place', ...where }, { ...where, at })
  }
  if (minutes !== start.minutes) return void send(`${id}/length`, { minutes: String(minutes) })
  announce(said.put_back)
  next.settle()
}
