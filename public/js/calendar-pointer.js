// A visit moved and stretched by pointer. A finger scrolls; one that rests on a visit for a moment lifts it.
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
  next.settle()
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
