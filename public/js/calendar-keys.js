// A visit moved and stretched by keyboard: Space picks up, arrows move among the times there are, Shift and arrows change
// the length.
const rtl = document.documentElement.dir === 'rtl'
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
