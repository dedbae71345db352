// What pages have in common that stay true while they are open. Named before the page's own script.

/** Does the work; asked again while it does, does it once more afterwards, and never twice at a time. */
function oneAtATime(work) {
  let working = false
  let again = false
  return async function run() {
    if (working) {
      again = true
      return
    }
    working = true
    try {
      await work()
    } finally {
      working = false
      if (again) {
        again = false
        void run()
      }
    }
  }
}

/** What the server answers with now, as a body; undefined when it could not be had, and the next look comes by itself. */
async function freshBoard(address) {
  try {
    const response = await fetch(address, { headers: { Accept: 'text/html', 'X-Fragment': 'board' } })
    // Signed out or no longer let in: the whole page knows what to say.
    if (response.status === 401 || response.status === 403 || response.status === 404) location.reload()
    if (!response.ok) return undefined
    return new DOMParser().parseFromString(await response.text(), 'text/html').body
  } catch {
    return undefined
  }
}

/**
 * Brings a fresh board as soon as nobody is `busy` with the one that is shown, and `place` puts it there. While it waits the
 * page may `say` so. `settle` is for every moment at which somebody may have finished; `forget` lets go of what waits.
 */
function whenNobodyIsBusy(busy, place, say) {
  let waiting
  const settle = () => {
    if (!waiting || busy()) return
    const fresh = waiting
    waiting = undefined
    say('')
    place(fresh)
  }
  return {
    bring(fresh, told) {
      waiting = fresh
      if (told !== '' && busy()) say(told)
      settle()
    },
    settle,
    forget: () => (waiting = undefined),
    waits: () => waiting !== undefined,
  }
}

/**
 * Calls `look` whenever the server says that something changed, and once a minute, for what the clock alone changes. The
 * stream is open only while somebody can see the page, as browsers allow few of them; cut, it comes back with growing
 * pauses and looks at once when it does. `offline` is told whether it has been away for long.
 */
function keepLooking(address, look, offline) {
  let stream
  let pause = 1000
  let timer
  const open = () => {
    clearTimeout(timer)
    if (stream || document.hidden) return
    stream = new EventSource(address)
    stream.addEventListener('open', () => {
      if (pause > 1000) void look()
      pause = 1000
      offline(false)
    })
    stream.addEventListener('diary', () => void look())
    stream.addEventListener('error', () => {
      close()
      offline(pause > 8000)
      timer = setTimeout(open, pause * (1 + Math.random() / 3))
      pause = Math.min(pause * 2, 60_000)
    })
  }
  const close = () => {
    stream?.close()
    stream = undefined
  }
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      clearTimeout(timer)
      close()
    } else {
      open()
      void look()
    }
  })
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) {
      open()
      void look()
    }
  })
  open()
  setInterval(() => {
    if (!document.hidden) void look()
  }, 60_000)
}
