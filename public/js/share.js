// Copies the clinic's link, and notes that it has been shared when it is copied, sent or printed.
const form = document.querySelector('[data-shared-form]')
const note = () =>
  fetch(form.action, {
    method: 'POST',
    body: new URLSearchParams(new FormData(form)),
    headers: { 'X-Requested-With': 'fetch' },
    redirect: 'manual',
    keepalive: true,
  }).catch(() => undefined)

const button = document.querySelector('[data-copy-link]')
const field = document.getElementById('share-link')
if (button && navigator.clipboard) {
  const words = button.querySelector('span')
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(field.value)
    words.textContent = button.dataset.copied
    document.getElementById('announcer').textContent = button.dataset.copied
    note()
  })
}
field?.addEventListener('focus', () => field.select())
for (const link of document.querySelectorAll('[data-shares]')) link.addEventListener('click', note)
