// <form data-guard>: says at once when free text holds a personnummer, and lets nothing of it leave the page.
import { findPersonnummer } from './personnummer.js';
import { say } from './words.js';

const texts = 'textarea, input:not([type]), input[type=text], input[type=search], input[type=email], input[type=tel], input[type=url]';

export function isTainted(form) {
  return form.matches('[data-guard]') && [...form.querySelectorAll(texts)].some((field) => findPersonnummer(field.value));
}

function inspect(field) {
  const tainted = findPersonnummer(field.value) !== null;
  const message = messageOf(field);
  // Written only when it changes: a live region that is rewritten at each key is read out at each key.
  const text = tainted ? field.form.dataset.guard || say('personnummer') : '';
  if (message.textContent === text) return tainted;
  message.textContent = text;
  message.classList.toggle('field-error', tainted);
  if (tainted) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
  return tainted;
}

function messageOf(field) {
  const id = `${field.id || field.name}-guard`;
  const present = document.getElementById(id);
  if (present) return present;
  const message = document.createElement('p');
  message.id = id;
  message.setAttribute('aria-live', 'assertive');
  field.after(message);
  field.setAttribute('aria-describedby', `${field.getAttribute('aria-describedby') ?? ''} ${id}`.trim());
  return message;
}

// The region is there, empty, before anything is said in it: else some screen readers miss the first sentence.
document.addEventListener('focusin', ({ target }) => {
  if (target.matches(texts) && target.closest('form[data-guard]')) messageOf(target);
});

document.addEventListener('input', ({ target }) => {
  if (target.matches(texts) && target.closest('form[data-guard]')) inspect(target);
});

function stop(event) {
  const form = event.target.closest?.('form[data-guard]');
  if (!form) return;
  const tainted = [...form.querySelectorAll(texts)].filter(inspect);
  if (!tainted.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tainted[0].focus();
}

// Capturing, so that it comes before htmx and everything else; htmx:confirm is the first thing htmx does with any trigger.
document.addEventListener('submit', stop, true);
document.addEventListener('htmx:confirm', stop, true);
