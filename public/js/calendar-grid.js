// Where things are on the calendar, and which time that is.
const grid = () => calendar.querySelector('.cal')
const firstHour = () => Number(grid().dataset.from)
/** In minutes, between the times that are offered. */
const step = () => Number(grid().dataset.step)
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
