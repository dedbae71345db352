// Times are the clinic's. That goes without saying until the phone is in another zone.
const own = Intl.DateTimeFormat().resolvedOptions().timeZone
for (const note of document.querySelectorAll('[data-clinic-zone]')) {
  if (own && offsetOf(own) !== offsetOf(note.dataset.clinicZone)) note.hidden = false
}

function offsetOf(timeZone) {
  return new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts()
    .find(({ type }) => type === 'timeZoneName')?.value
}
