// Looks for news every two seconds and shows it without a reload, unless something is being typed.
const talk = document.getElementById('talk')
const toEnd = () => talk && (talk.scrollTop = talk.scrollHeight)
toEnd()

async function look() {
  if (document.hidden) return
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => undefined)
  if (!answer?.ok) return
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const list = fresh.getElementById('list')
  if (list) document.getElementById('list')?.replaceWith(list)
  const news = fresh.getElementById('talk')
  if (news && talk && news.dataset.count !== talk.dataset.count) {
    talk.replaceChildren(...news.children)
    talk.dataset.count = news.dataset.count
    toEnd()
  } else if (news && !talk && !document.querySelector('.write')) location.reload()
}
setInterval(() => void look(), 2000)

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null
  if (!button) return
  void navigator.clipboard?.writeText(button.dataset.copy).then(() => {
    button.textContent = 'Copied'
  })
})
