// On a clinic's own site: gives the frame with its free times the height of what is in it. Listens to nobody but the
// frame it came with, takes nothing but a number from it, and sends nothing anywhere.
;(function () {
  var own = new URL(document.currentScript.src).origin
  window.addEventListener('message', function (event) {
    if (event.origin !== own || !event.data || event.data.nabz !== 'height') return
    var height = Number(event.data.height)
    if (!(height >= 50 && height <= 5000)) return
    var frames = document.getElementsByTagName('iframe')
    for (var i = 0; i < frames.length; i++) {
      if (frames[i].contentWindow === event.source) frames[i].style.height = height + 'px'
    }
  })
})()
