// Asks the browser for a passkey and puts its answer into the form. Forms stay hidden where there are none.
const supported = () => window.SimpleWebAuthnBrowser?.browserSupportsWebAuthn()

async function answerOf(form) {
  const { startAuthentication, startRegistration } = window.SimpleWebAuthnBrowser
  const asked = await fetch(form.dataset.options, {
    method: 'POST',
    headers: { 'x-csrf-token': form.elements._csrf.value },
  })
  if (!asked.ok) throw new Error(`asked in vain: ${asked.status}`)
  const optionsJSON = await asked.json()
  return form.dataset.passkey === 'make' ? startRegistration({ optionsJSON }) : startAuthentication({ optionsJSON })
}

function prepare(form) {
  const failed = form.querySelector('[data-passkey-failed]')
  const button = form.querySelector('button:not([type=button])')
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    failed.hidden = true
    button.disabled = true
    answerOf(form).then(
      (answer) => {
        form.elements[form.dataset.field].value = JSON.stringify(answer)
        form.submit()
      },
      () => {
        // Said no, took too long, or has none here: all of it is for the person to try again.
        failed.hidden = false
        button.disabled = false
      },
    )
  })
}

// The library is loaded after this file.
document.addEventListener('DOMContentLoaded', () => {
  if (!supported()) return
  for (const form of document.querySelectorAll('form[data-passkey]')) prepare(form)
  for (const one of document.querySelectorAll('[data-passkey-with]')) one.hidden = false
  for (const one of document.querySelectorAll('[data-passkey-without]')) one.hidden = true
})
