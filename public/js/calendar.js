// The calendar while it is open: live, and visits moved and stretched by pointer or keyboard. Whatever is done here has a
// link or a form that does the same; the server alone says what may stand where.
const calendar = document.getElementById('calendar')
const announcer = document.getElementById('announcer')
const note = document.querySelector('[data-live-note]')
const rtl = document.documentElement.dir === 'rtl'

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

if (calendar) {
  const said = JSON.parse(calendar.dataset.said)
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '')
  const say = (text) => {
    if (!note) return
    note.textContent = text
    note.hidden = text === ''
  }

  // —— Where things are ——————————————————————————————————————————————————————————————————————————————————————

  const grid = () => calendar.querySelector('.cal')
  const firstHour = () => Number(grid().dataset.from)
  const pixels = (minutes) => (minutes / 60) * (laneOf(columns()[0]).clientHeight / Number(grid().dataset.hours))
  const topOf = (minute) => `${pixels(minute - firstHour() * 60)}px`
  const columns = () => [...calendar.querySelectorAll('[data-column]')].filter((column) => column.offsetParent !== null)
  const laneOf = (column) => column.querySelector('[data-lane]')
  const nameOf = (column) => column.querySelector('h2').textContent.trim()
  const columnOf = (element) => element.closest('[data-column]')
  /** A week on a phone is a list: nothing there is dragged. */
  const drawn = () => grid() !== null && getComputedStyle(grid()).display === 'grid'
  const minuteAt = (lane, clientY, step) => {
    const minute = firstHour() * 60 + ((clientY - lane.getBoundingClientRect().top) / pixels(60)) * 60
    return Math.floor(minute / step) * step
  }
  const clock = new Intl.DateTimeFormat(`${calendar.dataset.locale}-u-nu-latn`, {
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
  })
  const timeText = (minute) => clock.format(minute * 60_000)
  const formTime = (minute) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`

  /** The hours people look at first come into view: a little before now while there are hours, else before the first visit. */
  const showHours = () => {
    const frame = grid()
    if (!frame || !drawn()) return
    if (frame.scrollHeight <= frame.clientHeight) return
    const now = frame.querySelector('.cal-now')
    const marks = now ? [now] : [...frame.querySelectorAll('.cal-visit')]
    if (marks.length === 0) return
    frame.scrollTop = Math.max(0, Math.min(...marks.map((mark) => mark.offsetTop)) - pixels(60))
  }
  showHours()

  // —— Live ——————————————————————————————————————————————————————————————————————————————————————————————————

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

  let waiting
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
  const settle = () => {
    if (!waiting || busy()) return
    const fresh = waiting
    waiting = undefined
    say('')
    place(fresh)
  }
  calendar.addEventListener('toggle', settle, true)

  const look = oneAtATime(async () => {
    const fresh = await freshBoard(calendar.dataset.board)
    // What stands there already is left alone, with whatever is being pointed at.
    if (!fresh || sending || (!waiting && fresh.innerHTML.trim() === calendar.innerHTML.trim())) return
    waiting = fresh
    if (busy()) say(said.waiting)
    settle()
  })
  keepLooking(calendar.dataset.events, look, (away) => {
    if (!waiting) say(away ? said.offline : '')
  })

  // —— Booking into free time ——————————————————————————————————————————————————————————————————————————————————

  const step = () => Number(grid().dataset.step)
  let aim
  const aimless = () => {
    aim?.remove()
    aim = undefined
    calendar.querySelector('.is-aimed')?.classList.remove('is-aimed')
  }
  /** The time under the pointer within a piece of free time, in the steps that times are offered in. */
  const aimedAt = (link, event) => {
    const from = Number(link.dataset.from)
    const to = Number(link.dataset.to)
    const minute = minuteAt(link.closest('[data-lane]'), event.clientY, 5)
    return Math.min(Math.max(from, from + Math.floor((minute - from) / step()) * step()), Math.max(from, to - 5))
  }
  calendar.addEventListener('pointermove', (event) => {
    const link = event.pointerType === 'mouse' && !held && drawn() ? event.target.closest?.('[data-free]') : null
    if (!link) return aimless()
    const lane = link.closest('[data-lane]')
    if (!link.classList.contains('is-aimed')) {
      aimless()
      link.classList.add('is-aimed')
      aim = document.createElement('span')
      aim.className = 'cal-aim'
      aim.setAttribute('aria-hidden', 'true')
      lane.append(aim)
    }
    const minute = aimedAt(link, event)
    aim.style.insetBlockStart = topOf(minute)
    aim.textContent = `+ ${timeText(minute)}`
  })
  calendar.addEventListener('pointerleave', aimless)
  calendar.addEventListener('click', (event) => {
    const link = event.target.closest?.('[data-free]')
    // A press by keyboard has no place within the link: it books from the beginning.
    if (!link || event.detail === 0 || !drawn()) return
    const url = new URL(link.href)
    url.searchParams.set('time', formTime(aimedAt(link, event)))
    link.href = url
  })

  // —— Moving and stretching ———————————————————————————————————————————————————————————————————————————————————

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
    settle()
  }
  const spoken = () => `${timeText(held.minute)}, ${nameOf(held.column)}`

  /** Sends what was done, and takes over the calendar the server answers with. */
  const send = async (path, values, where) => {
    sending = true
    waiting = undefined
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
    settle()
  }

  // By pointer. A finger scrolls; one that rests on a visit for a moment lifts it.
  const longPress = 400
  const follow = (point) => {
    held.point = point
    if (pressed.edge) {
      const end = minuteAt(laneOf(held.column), point.clientY + pixels(2.5), 5)
      held.minutes = Math.min(720, Math.max(Number(calendar.dataset.shortest), end - held.start.minute))
      return draw()
    }
    const under = columns().find((column) => {
      const { left, right } = column.getBoundingClientRect()
      return point.clientX >= left && point.clientX < right
    })
    held.column = under ?? held.column
    const wanted = minuteAt(laneOf(held.column), point.clientY - pressed.offset + pixels(2.5), 5)
    const bound = Math.min(Math.max(0, wanted), 1435)
    const back = held.column === held.start.column && Math.abs(bound - held.start.minute) < 5
    held.minute = back ? held.start.minute : (nearest(held.column, bound, Math.max(5, step() / 2))?.minute ?? bound)
    draw()
  }
  /**
   * Near an edge the calendar comes along, for as long as the hand rests there: within its frame, and where that goes no
   * further or is the page itself, as on a phone, with the page. What was lifted at an edge stays until it is moved that way.
   */
  const comeAlong = (now, before = now) => {
    if (held?.how !== 'pointer') return
    const { point } = held
    if (point) {
      const frame = grid()
      const box = frame.getBoundingClientRect()
      // The bar at the bottom of a phone is no part of what is seen.
      const bar = parseFloat(getComputedStyle(document.documentElement).scrollPaddingBottom) || 0
      const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, window.innerHeight - bar)]
      const towards = point.clientY > bottom - 32 ? 1 : point.clientY < top + 96 ? -1 : 0
      if ((point.clientY - pressed.y) * towards > 10) {
        const way = (towards * Math.min(now - before, 50)) / 2
        const stood = frame.scrollTop
        frame.scrollTop += way
        const more = towards > 0 ? box.bottom > bottom : box.top < top
        if (frame.scrollTop === stood && more) window.scrollBy(0, way)
        follow(point)
      }
    }
    requestAnimationFrame((next) => comeAlong(next, now))
  }
  const lift = () => {
    pickUp(pressed.item, 'pointer')
    requestAnimationFrame((now) => comeAlong(now))
    document.body.classList.add('is-dragging')
  }
  const letGo = () => {
    clearTimeout(pressed?.timer)
    pressed = undefined
    settle()
  }
  calendar.addEventListener('pointerdown', (event) => {
    const item = event.target.closest?.('.cal-visit[data-visit]')
    if (!item || !post || event.button !== 0 || !event.isPrimary || held || sending || !drawn()) return
    const edge = event.target.matches('[data-edge]')
    if (edge ? item.dataset.resizable === undefined : item.dataset.movable === undefined) return
    letGo()
    const touch = event.pointerType === 'touch'
    pressed = {
      pointer: event.pointerId,
      item,
      edge,
      touch,
      timer: touch ? setTimeout(lift, longPress) : undefined,
      x: event.clientX,
      y: event.clientY,
      offset: event.clientY - item.getBoundingClientRect().top,
    }
    if (edge && !touch) event.preventDefault()
  })
  // Another finger on the glass neither moves what this one holds nor puts it down.
  const isHand = (event) => pressed?.pointer === event.pointerId
  document.addEventListener('pointermove', (event) => {
    if (!isHand(event)) return
    if (!held) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < (pressed.touch ? 10 : 5)) return
      if (pressed.touch) return letGo()
      lift()
    }
    if (held.how !== 'pointer') return
    event.preventDefault()
    follow({ clientX: event.clientX, clientY: event.clientY })
  })
  // Until the next press: a visit was just put down.
  let dropped = false
  document.addEventListener('pointerdown', () => (dropped = false), true)
  document.addEventListener('pointerup', (event) => {
    if (!isHand(event)) return
    if (held?.how === 'pointer') {
      dropped = true
      drop()
    }
    letGo()
  })
  document.addEventListener('pointercancel', (event) => {
    if (!isHand(event)) return
    if (held?.how === 'pointer') putBack()
    letGo()
  })
  // While a visit is in the hand nothing scrolls, and resting on a link brings no menu.
  const lifted = () => held?.how === 'pointer' && pressed?.touch === true
  calendar.addEventListener('touchmove', (event) => lifted() && event.cancelable && event.preventDefault(), {
    passive: false,
  })
  calendar.addEventListener('touchend', (event) => dropped && event.cancelable && event.preventDefault())
  calendar.addEventListener('contextmenu', (event) => pressed?.touch && event.preventDefault())
  // What ends a drag is no press on the link under it, however much later a browser makes one of a finger that was lifted.
  calendar.addEventListener(
    'click',
    (event) => {
      // A key makes a click without a count.
      if (!dropped || event.detail === 0) return
      event.preventDefault()
      event.stopPropagation()
    },
    true,
  )
  calendar.addEventListener('dragstart', (event) => event.preventDefault())

  // By keyboard: Space picks up, arrows move among the times there are, Shift and arrows change the length.
  const neighbour = (direction) => {
    const all = columns()
    const at = all.indexOf(held.column) + direction
    for (let next = at; all[next]; next += direction) {
      const near = nearest(all[next], held.minute, 1440)
      if (near) return { column: all[next], minute: near.minute }
    }
    return undefined
  }
  const onward = (direction) => {
    const there = dropsIn(held.column)
      .map((one) => one.minute)
      .concat(held.column === held.start.column ? [held.start.minute] : [])
      .filter((minute) => (minute - held.minute) * direction > 0)
      .sort((a, b) => (a - b) * direction)
    return there.length > 0 ? { column: held.column, minute: there[0] } : undefined
  }
  const moveTo = (target) => {
    if (!target) return announce(said.none)
    Object.assign(held, target)
    held.minutes = held.start.minutes
    draw()
    held.ghost.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    announce(spoken())
  }
  calendar.addEventListener('keydown', (event) => {
    const item = event.target.closest?.('.cal-visit[data-visit]')
    if (event.ctrlKey || event.metaKey || event.altKey || !item || !drawn()) return
    if (!held) {
      if (event.key !== ' ' || !post || sending) return
      if (item.dataset.movable === undefined && item.dataset.resizable === undefined) return
      event.preventDefault()
      pickUp(item, 'keys')
      announce(filled(said.picked, { name: held.name, at: spoken() }))
      return
    }
    if (held.how !== 'keys') return
    const towards = rtl ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowLeft: -1, ArrowRight: 1 }
    const longer = event.shiftKey ? { ArrowDown: 5, ArrowUp: -5 }[event.key] : undefined
    if (longer !== undefined) {
      event.preventDefault()
      if (item.dataset.resizable === undefined) return announce(said.none)
      Object.assign(held, { column: held.start.column, minute: held.start.minute })
      held.minutes = Math.min(720, Math.max(Number(calendar.dataset.shortest), held.minutes + longer))
      draw()
      announce(`${said.minutes.replace('#', String(held.minutes))}, ${timeText(held.minute + held.minutes)}`)
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      moveTo(onward(event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key in towards) {
      event.preventDefault()
      moveTo(neighbour(towards[event.key]))
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      drop()
    } else if (event.key === 'Escape') {
      event.preventDefault()
      putBack()
    } else if (event.key !== 'Tab' && event.key !== 'Shift') {
      // Nothing else means anything while a visit is in the hand.
      event.preventDefault()
    }
  })
  calendar.addEventListener('focusout', (event) => {
    if (held?.how === 'keys' && event.target.closest('.cal-visit') === held.item && !sending) putBack()
  })
}
