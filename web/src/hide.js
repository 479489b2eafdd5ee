// [data-hide='["!=",["path","principiell.svar"],["is","ja"]]']: hidden while the condition holds. The server reads conditions
// (engine/forms/conditions.py) and decides in the end; this only spares people what does not concern them.
// [data-labels='[[condition, label], …]']: a button that says the first label whose condition does not hold.
const joined = {
  or: (parts, look) => parts.some((part) => worth(part, look)),
  and: (parts, look) => parts.every((part) => worth(part, look)),
  not: ([inner], look) => !worth(inner, look),
  path: ([name], look) => look(name),
  is: ([literal]) => literal,
  contains: ([where, what], look) => [].concat(worth(where, look) ?? []).includes(worth(what, look)),
};

function worth([kind, ...parts], look) {
  return joined[kind] ? joined[kind](parts, look) : compare(worth(parts[0], look), kind, worth(parts[1], look));
}

function compare(left, sign, right) {
  if (sign === '=' || sign === '!=') return (left === right) === (sign === '=');
  if (left === null || right === null || typeof left !== typeof right) return false;
  return { '<': left < right, '<=': left <= right, '>': left > right, '>=': left >= right }[sign];
}

// Within a row of a repeating table a name means the field of that row first.
function fieldsOf(place, name) {
  const row = place.closest('[data-row]');
  const near = row ? [...row.querySelectorAll('[name]')].filter((field) => field.name.endsWith(`.${name}`)) : [];
  return near.length ? near : [...place.closest('form').querySelectorAll(`[name="${CSS.escape(name)}"]`)];
}

function answerOf(place, name) {
  const fields = fieldsOf(place, name);
  if (!fields.length) return JSON.parse(place.closest('form').dataset.known ?? '{}')[name] ?? null;
  const [first] = fields;
  const chosen = fields.filter((field) => field.checked).map((field) => field.value);
  if (first.type === 'checkbox') return first.value === 'on' && fields.length === 1 ? chosen.length > 0 : chosen;
  if (first.type === 'radio') return chosen[0] ?? null;
  if (first.inputMode === 'numeric' || first.inputMode === 'decimal') {
    const number = Number(first.value.replace(',', '.').replace(/\s/g, ''));
    return first.value.trim() && !Number.isNaN(number) ? number : null;
  }
  return first.value || null;
}

function follow(form) {
  for (const place of form.querySelectorAll('[data-hide]')) {
    place.hidden = Boolean(worth(JSON.parse(place.dataset.hide), (name) => answerOf(place, name)));
  }
  for (const button of form.querySelectorAll('[data-labels]')) {
    button.dataset.otherwise ??= button.textContent;
    const fitting = JSON.parse(button.dataset.labels).find(([hide]) => !worth(hide, (name) => answerOf(button, name)));
    button.textContent = fitting ? fitting[1] : button.dataset.otherwise;
  }
}

function followAll(root) {
  for (const form of root.querySelectorAll('form')) follow(form);
}

document.addEventListener('input', ({ target }) => target.form && follow(target.form));
document.addEventListener('change', ({ target }) => target.form && follow(target.form));
document.addEventListener('htmx:load', ({ target }) => followAll(target));
followAll(document);
