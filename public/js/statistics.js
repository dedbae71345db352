// Asks whether this visit may be counted, in a deployment that counts. Until somebody says yes nothing is loaded and
// nothing is stored; a no stores nothing either. A yes stands in the tab's own storage and ends with the tab.
const ask = document.getElementById('statistics')
const key = 'nabz-statistics'

function load() {
  const script = document.createElement('script')
  script.src = ask.dataset.script
  script.async = true
  document.head.append(script)
}

if (ask && sessionStorage.getItem(key) === 'yes') load()
else if (ask) {
  ask.hidden = false
  ask.addEventListener('click', (event) => {
    const answer = event.target.closest('[data-answer]')?.dataset.answer
    if (answer === undefined) return
    ask.hidden = true
    if (answer !== 'yes') return
    sessionStorage.setItem(key, 'yes')
    load()
  })
}
