// Keeps one's place in the line true while the page is looked at. Without this file the page loads itself anew.
const line = document.querySelector('[data-line]')
const look = async () => {
  if (document.hidden) return
  try {
    const response = await fetch(location.href)
    if (!response.ok) return
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    const fresh = page.querySelector('[data-line]')
    // Called in, or over: the rest of the page says something else too.
    if (!fresh || !fresh.querySelector('.line')) return location.reload()
    const [old, now] = [line, fresh].map((part) => [...part.querySelectorAll('.line > *')])
    // Part by part, so that only what changed is read out.
    if (old.length !== now.length) line.replaceChildren(...fresh.childNodes)
    else now.forEach((part, at) => part.innerHTML !== old[at].innerHTML && old[at].replaceChildren(...part.childNodes))
  } catch {
    // Without a connection for a moment; the next look comes by itself.
  }
}
setInterval(look, 30_000)
document.addEventListener('visibilitychange', look)
