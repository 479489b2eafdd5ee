// The inbox by keyboard. j and k move among [data-task] rows, Enter opens, t takes, r releases, / searches, ? helps.
// A row holds its link, and may hold buttons [data-take] and [data-release]; else those inside [data-opened] are pressed.
// Single keys disturb speech input, so they can be turned off (WCAG 2.1.4): a checkbox [data-shortcuts-off] in the help.
const setting = 'shortcuts-off';
const isOff = () => localStorage.getItem(setting) === 'yes';

const actions = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => press(current(), 'a[href], [hx-get]'),
  t: () => press(current(), '[data-take]') || press(document, '[data-opened] [data-take]'),
  r: () => press(current(), '[data-release]') || press(document, '[data-opened] [data-release]'),
  '/': () => focus(document.querySelector('[data-search]')),
  '?': () => openHelp(),
};

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isOff() || document.querySelector('dialog[open]') || isTyping(event.target)) return;
  // Enter belongs to whatever link or button has the focus; it opens a row only from elsewhere.
  if (event.key === 'Enter' && event.target.closest('a, button, summary, [tabindex]')) return;
  if (actions[event.key]?.()) event.preventDefault();
});

const isTyping = (element) => element.isContentEditable || element.matches('input, textarea, select');
const rows = () => [...document.querySelectorAll('[data-task]')];
const current = () => document.activeElement.closest('[data-task]') ?? document.querySelector('[data-task][aria-current]');

function move(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(current());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  for (const row of all) row.toggleAttribute('data-chosen', row === all[next]);
  return focus(all[next].querySelector('a[href], [hx-get]') ?? all[next]);
}

function press(place, selector) {
  const target = place?.querySelector(selector);
  target?.click();
  return Boolean(target);
}

function focus(element) {
  element?.focus();
  element?.scrollIntoView({ block: 'nearest' });
  return Boolean(element);
}

function openHelp() {
  const help = document.querySelector('dialog[data-shortcuts]');
  const off = help?.querySelector('[data-shortcuts-off]');
  if (off) off.checked = isOff();
  help?.showModal();
  return Boolean(help);
}

document.addEventListener('change', ({ target }) => {
  if (target.matches('[data-shortcuts-off]')) localStorage.setItem(setting, target.checked ? 'yes' : 'no');
});

document.addEventListener('click', ({ target }) => {
  if (target.closest('[data-shortcuts-open]')) openHelp();
  if (target.closest('dialog [data-close]')) target.closest('dialog').close();
});
