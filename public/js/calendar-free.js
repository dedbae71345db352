// Booking into free time: a press on it books at the time that was pressed.
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
