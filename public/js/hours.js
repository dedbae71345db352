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
