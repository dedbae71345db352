// Buttons that copy what a field holds. Hidden until a script may write to the clipboard.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    const field = document.querySelector(button.dataset.copy)
    const words = button.querySelector('span')
    button.hidden = false
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(field.value)
      words.textContent = button.dataset.copied
      const announcer = document.getElementById('announcer')
      if (announcer) announcer.textContent = button.dataset.copied
    })
  }
}
