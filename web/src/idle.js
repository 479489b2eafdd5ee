// <dialog data-idle="SECONDS" data-keep="URL">: two minutes before the session ends for want of life it asks whether to stay.
import { csrfToken } from './words.js';

const warning = 120;
const dialog = document.querySelector('dialog[data-idle]');

const longest = 2 ** 31 / 1000; // a browser's timer can wait for no longer, and would go off at once

if (dialog && Number(dialog.dataset.idle) < longest) {
  const life = Number(dialog.dataset.idle);
  let timers = [];

  const start = () => {
    timers.forEach(clearTimeout);
    dialog.classList.remove('over');
    timers = [
      setTimeout(() => dialog.open || dialog.showModal(), Math.max(life - warning, 0) * 1000),
      setTimeout(() => dialog.classList.add('over'), life * 1000),
    ];
  };

  // A draft saved or a pane opened keeps the session alive as well as a new page does.
  document.addEventListener('htmx:afterRequest', start);
  document.addEventListener('trappa:saved', start);
  dialog.querySelector('[data-stay]').addEventListener('click', async () => {
    const answer = await fetch(dialog.dataset.keep, { method: 'POST', headers: { 'X-CSRFToken': csrfToken(), Accept: 'application/json' } });
    if (!answer.ok) return dialog.classList.add('over');
    dialog.close();
    start();
  });
  start();
}
