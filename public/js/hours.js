// The week grid without waiting for the server: rows come and go, bars and "next day" follow what is typed. Every button
// here is a submit button of the form, which does the same without this file.
const form = document.querySelector('[data-hours]')
const rowsOf = (day) => [...day.querySelectorAll('[data-row]')]
const minutes = (text) => (/^\d\d:\d\d$/.test(text) ? Number(text.slice(0, 2)) * 60 + Number(text.slice(3)) : undefined)

function show(day) {
  const rows = rowsOf(day)
  day.querySelector('[data-closed]').hidden = rows.length > 0
  const bar = day.querySelector('[data-bar]')
  const rects = []
  for (const row of rows) {
    const [start, end] = [...row.querySelectorAll('input')].map((input) => minutes(input.value))
    const known = start !== undefined && end !== undefined && start !== end
    row.querySelector('[data-overnight]').hidden = !(known && end < start && end > 0)
    if (!known) continue
    const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    rect.setAttribute('x', start)
    rect.setAttribute('width', (end > start ? end : 1440) - start)
    rect.setAttribute('height', 8)
    rects.push(rect)
  }
  bar.replaceChildren(...rects)
  bar.toggleAttribute('hidden', rects.length === 0)
  const add = day.querySelector('[data-add]')
  if (add) add.disabled = rows.length >= 6
}

function addRow(day) {
  const weekday = day.dataset.day
  const row = document.querySelector(`template[data-template="${weekday}"]`).content.firstElementChild.cloneNode(true)
  const taken = new Set([...day.querySelectorAll('input')].map((input) => input.name))
  let number = 1
  while (taken.has(`d${weekday}_${number}_from`)) number++
  for (const input of row.querySelectorAll('input')) {
    input.name = input.name.replace('_0_', `_${number}_`)
    input.id = `f-${input.name}`
  }
  row.querySelector('[data-remove]').value = `remove:${weekday}:${number}`
  day.querySelector('[data-rows]').append(row)
  return row
}

form?.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  const day = button?.closest('[data-day]')
  if (button?.matches('[data-add]') && rowsOf(day).length < 6) {
    event.preventDefault()
    addRow(day).querySelector('input').focus()
    show(day)
  }
  if (button?.matches('[data-remove]')) {
    event.preventDefault()
    button.closest('[data-row]').remove()
    show(day)
    day.querySelector('[data-add]')?.focus()
  }
  if (button?.matches('[data-copy]')) {
    event.preventDefault()
    const source = form.querySelector(`[data-day="${form.elements.copy_from.value}"]`)
    for (const box of form.querySelectorAll('[name=copy_to]:checked')) {
      const target = form.querySelector(`[data-day="${box.value}"]`)
      if (target === source) continue
      for (const row of rowsOf(target)) row.remove()
      for (const row of rowsOf(source)) {
        const typed = [...row.querySelectorAll('input')].map((input) => input.value)
        addRow(target)
          .querySelectorAll('input')
          .forEach((input, at) => (input.value = typed[at]))
      }
      show(target)
    }
    document.getElementById('week').scrollIntoView({ block: 'nearest' })
  }
})

form?.addEventListener('input', (event) => {
  const day = event.target.closest?.('[data-day]')
  if (day) show(day)
})

// The Hijri date beside the one that is chosen, counted from the first days of months as the server knows them.
const both = form?.querySelector('[data-hijri]')
const months = both?.dataset.hijri ? JSON.parse(both.dataset.hijri) : []
const dateText = new Intl.DateTimeFormat(document.documentElement.lang, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  calendar: 'gregory',
  numberingSystem: 'latn',
  timeZone: 'UTC',
})

function hijri(iso) {
  const month = months.findLast(([first]) => first <= iso)
  if (!month || month === months.at(-1)) return undefined
  return `${Math.round((Date.parse(iso) - Date.parse(month[0])) / 86_400_000) + 1} ${month[1]}`
}

both?.addEventListener('input', (event) => {
  const list = both.querySelector('.hijri-dates')
  if (!list || event.target.type !== 'date') return
  const lines = [...both.querySelectorAll('input[type=date]')].flatMap(({ value }) => {
    const found = value && hijri(value)
    return found ? [`${dateText.format(Date.parse(value))}: ${found}`] : []
  })
  list.replaceChildren(
    ...lines.map((text) => {
      const item = document.createElement('li')
      item.append(document.createElement('bdi'))
      item.firstChild.textContent = text
      return item
    }),
  )
})
