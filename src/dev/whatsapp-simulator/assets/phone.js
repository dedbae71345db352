// Looks for news every two seconds while the page is seen, and posts without a reload. Without it, forms and links do.
const live = () => [...document.querySelectorAll('[data-live]')]
const drawn = new Map(live().map((part) => [part.id, part.innerHTML]))
const toEnd = () => document.getElementById('talk')?.scrollTo(0, 1e9)
toEnd()

function show(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html')
  // A message came where no phone was open: open it.
  if (fresh.getElementById('talk') && !document.getElementById('talk')) return location.reload()
  for (const part of live()) {
    const news = fresh.getElementById(part.id)
    if (!news || news.innerHTML === drawn.get(part.id)) continue
    const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 80
    const focused = part.contains(document.activeElement) ? document.activeElement.id : ''
    drawn.set(part.id, news.innerHTML)
    part.replaceChildren(...news.childNodes)
    if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true })
    if (part.id === 'talk' && atEnd) toEnd()
  }
}

let asking = false
async function look() {
  if (document.hidden || asking) return
  asking = true
  const answer = await fetch(location.href).catch(() => undefined)
  if (answer?.ok) show(await answer.text())
  asking = false
}
setInterval(() => void look(), 2000)
document.addEventListener('visibilitychange', () => void look())

document.addEventListener('submit', (event) => {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || !('quiet' in form.dataset)) return
  event.preventDefault()
  const body = new URLSearchParams(new FormData(form, event.submitter))
  form.reset()
  void fetch(form.action, { method: 'POST', body })
    .then(async (answer) => {
      if (answer.ok) show(await answer.text())
      toEnd()
    })
    .catch(() => location.reload())
})

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null
  const words = button?.querySelector('span')
  if (!words) return
  const before = words.textContent
  void navigator.clipboard?.writeText(button.dataset.copy).then(() => {
    words.textContent = 'Copied'
    setTimeout(() => (words.textContent = before), 1500)
  })
})
