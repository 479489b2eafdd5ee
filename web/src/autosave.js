// <form data-autosave="URL">: keeps a draft while one types. The server answers 2xx, with JSON if it has something to say:
// {"saved": "10:42", "message": "Du har tagit uppgiften"}. 409 and 403 mean that the task is someone else's by now: the text
// stays on the page, nothing more is sent. Anything else is tried again.
import { isTainted } from './guard.js';
import { announce, csrfToken, say } from './words.js';

const pause = 800;
const drafts = new WeakMap();

function draftOf(form) {
  if (!drafts.has(form)) drafts.set(form, { timer: 0, tries: 0, sending: false, dirty: false, stopped: false });
  return drafts.get(form);
}

function later(form, delay) {
  const draft = draftOf(form);
  clearTimeout(draft.timer);
  draft.timer = setTimeout(() => save(form), delay);
}

async function save(form) {
  const draft = draftOf(form);
  if (draft.stopped || draft.sending || !draft.dirty || isTainted(form)) return;
  draft.sending = true;
  draft.dirty = false;
  try {
    const answer = await send(form);
    const said = answer.headers.get('Content-Type')?.startsWith('application/json') ? await answer.json() : {};
    if (answer.ok) {
      draft.tries = 0;
      document.dispatchEvent(new Event('trappa:saved'));
      show(form, say('saved', { time: said.saved ?? now() }), 'saved');
      if (said.message) announce(said.message);
    } else if (answer.status === 409 || answer.status === 403) {
      draft.stopped = true;
      show(form, said.message ?? say('stopped'), 'stopped');
      announce(said.message ?? say('stopped'));
    } else {
      throw new Error(`Expected the draft to be saved, but the answer was ${answer.status}`);
    }
  } catch {
    draft.dirty = true;
    draft.tries += 1;
    show(form, say('notSaved'), 'waiting');
  } finally {
    draft.sending = false;
    if (draft.dirty && !draft.stopped) later(form, pause * 2 ** Math.min(draft.tries, 6));
  }
}

function send(form, options = {}) {
  return fetch(form.dataset.autosave, {
    method: 'POST',
    body: new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string')),
    headers: { 'X-CSRFToken': csrfToken(), Accept: 'application/json' },
    ...options,
  });
}

function show(form, text, state) {
  const place = form.querySelector('[data-saved]') ?? document.querySelector('[data-saved]');
  if (!place) return;
  place.textContent = text;
  place.dataset.saved = state;
}

const now = () => new Date().toLocaleTimeString('sv-SE', { hour: '2-digit', minute: '2-digit' });

function changed({ target }) {
  const form = target.closest?.('form[data-autosave]');
  if (!form) return;
  draftOf(form).dirty = true;
  later(form, pause);
}

document.addEventListener('input', changed);
document.addEventListener('change', changed);
document.addEventListener('submit', ({ target, defaultPrevented }) => {
  // What is sent for good must not be followed by an older draft of itself.
  if (!defaultPrevented && target.matches('[data-autosave]')) clearTimeout(draftOf(target).timer), (draftOf(target).dirty = false);
});
addEventListener('pagehide', () => {
  for (const form of document.querySelectorAll('form[data-autosave]')) {
    const draft = draftOf(form);
    if (draft.dirty && !draft.stopped && !isTainted(form)) send(form, { keepalive: true }).catch(() => {});
  }
});
