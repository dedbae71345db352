// Keeps the waiting room's screen true: the server says that something changed, the screen fetches the numbers. A cut
// connection comes back by itself, for as long as the screen is on. Silent unless somebody switched the sound on.
const screen = document.getElementById('screen')
const note = document.querySelector('[data-note]')
const said = document.querySelector('[data-said]')
const sound = document.querySelector('[data-sound]')

let audio
sound.hidden = false
sound.addEventListener('click', () => {
  // A browser lets a page sound only after a press; so nothing is kept, and each new load is silent.
  audio = audio ? undefined : new AudioContext()
  sound.setAttribute('aria-pressed', String(audio !== undefined))
  sound.querySelector('span').textContent = audio ? sound.dataset.off : sound.dataset.on
  const use = sound.querySelector('use')
  use.setAttribute(
    'href',
    use.getAttribute('href').replace(/#icon-bell(-off)?$/, audio ? '#icon-bell' : '#icon-bell-off'),
  )
  if (audio) chime()
})
const chime = () => {
  for (const [index, pitch] of [659, 523].entries()) {
    const at = audio.currentTime + index * 0.35
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0.25, at)
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.9)
    tone.connect(volume).connect(audio.destination)
    tone.start(at)
    tone.stop(at + 1)
  }
}

const numbers = (root) =>
  [...root.querySelectorAll('[data-now] bdi')].map(
    (one) => `${one.closest('section').querySelector('h2').textContent} ${one.textContent}`,
  )

let behind = false
const look = oneAtATime(async () => {
  try {
    const response = await fetch(screen.dataset.board)
    if (!response.ok) throw new Error(`status ${response.status}`)
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').body
    behind = false
    note.hidden = true
    if (fresh.innerHTML === screen.innerHTML) return
    const before = numbers(screen)
    screen.replaceChildren(...fresh.childNodes)
    const called = numbers(screen).filter((one) => !before.includes(one))
    if (called.length === 0) return
    said.textContent = `${screen.dataset.calls} ${called.join(', ')}`
    for (const line of screen.querySelectorAll('section')) {
      if (numbers(line).some((one) => called.includes(one))) line.classList.add('is-called')
    }
    if (audio) chime()
  } catch {
    behind = true
    note.hidden = false
  }
})

let pause = 1000
const open = () => {
  const stream = new EventSource(screen.dataset.events)
  stream.addEventListener('open', () => {
    pause = 1000
    // What happened while it was away.
    void look()
  })
  stream.addEventListener('diary', () => void look())
  stream.addEventListener('error', () => {
    stream.close()
    setTimeout(open, pause * (1 + Math.random() / 3))
    pause = Math.min(pause * 2, 30_000)
  })
}
open()
// The clock on it goes on, and what no event told is found.
setInterval(() => void look(), 30_000)
setInterval(() => {
  if (behind) void look()
}, 5_000)
