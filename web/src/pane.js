// <a data-open-in="id">: on wide screens the task opens beside the list. Elsewhere, and without scripts, it is a link.
import htmx from './htmx.js';

const wide = matchMedia('(min-width: 75rem)');

document.addEventListener('click', async (event) => {
  const link = event.target.closest?.('a[data-open-in]');
  if (!link || !wide.matches || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const place = document.getElementById(link.dataset.openIn);
  if (!place) return;
  event.preventDefault();
  const row = link.closest('[data-task]');
  for (const other of document.querySelectorAll('[data-task]')) {
    other.removeAttribute('data-chosen');
    if (other === row) other.setAttribute('aria-current', 'true');
    else other.removeAttribute('aria-current');
  }
  await htmx.ajax('GET', link.href, { target: place, swap: 'innerHTML' });
  place.scrollTop = 0;
  place.querySelector('h2')?.focus();
});

// What went wrong is shown there too: a task that is gone says so in the pane.
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.target.id === 'pane' && detail.xhr.status >= 400) detail.shouldSwap = true;
});
