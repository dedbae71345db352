// Keeps the list of exports true while one is being made. Without this file a link loads the page again.
const list = document.getElementById('export-list')
const news = document.getElementById('export-news')

const underWay = () => list.querySelector('[data-under-way]') !== null
const tidy = () => {
  for (const part of list.querySelectorAll('[data-no-script]')) part.hidden = true
}

async function look() {
  try {
    const answer = await fetch(list.dataset.href, { headers: { Accept: 'text/html' } })
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
      list.replaceChildren(...fresh.body.childNodes)
      tidy()
      if (!underWay()) news.textContent = news.dataset.ready
    }
  } catch {
    // The next try may get through.
  }
  if (underWay()) setTimeout(look, document.hidden ? 10_000 : 2_000)
}

tidy()
if (underWay()) setTimeout(look, 1_000)
