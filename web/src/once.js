// A form is sent once, however often its button is pressed in impatience.
const pause = 4000;

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  const since = Date.now() - Number(form.dataset.sentAt ?? 0);
  if (since < pause) event.preventDefault();
  else form.dataset.sentAt = Date.now();
});

addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent-at]')) delete form.dataset.sentAt;
});
