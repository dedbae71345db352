// "Show" beside a password field. Without JavaScript the button stays hidden and the field is a plain one.
for (const button of document.querySelectorAll('button[data-password-for]')) {
  const field = document.getElementById(button.dataset.passwordFor)
  if (!field) continue
  const words = { password: button.textContent, text: button.dataset.hide }
  const set = (type) => {
    field.type = type
    button.textContent = words[type]
  }
  button.hidden = false
  button.addEventListener('click', () => set(field.type === 'password' ? 'text' : 'password'))
  // A shown password must not end up in the browser's list of earlier entries.
  field.form?.addEventListener('submit', () => set('password'))
}
