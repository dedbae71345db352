// Looks again for a minute whether Stripe has told of the payment. Without this file "Look again" does the same.
const place = document.getElementById('payment')
let left = 30

const look = async () => {
  if (place.dataset.state !== 'waiting' || left-- <= 0) return
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
    const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('payment')
    if (answer.ok && found && found.dataset.state !== place.dataset.state) {
      place.replaceChildren(...found.childNodes)
      place.dataset.state = found.dataset.state
    }
  } catch {
    // The next look may have more luck.
  }
  setTimeout(look, 2000)
}

if (place) setTimeout(look, 1000)
