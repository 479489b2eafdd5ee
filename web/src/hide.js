// [data-hide='=principiell.svar != "ja"']: hidden while the condition holds. Only comparisons joined by and/or are followed
// here; what is written otherwise stays in sight, and the server decides anyway.
const comparison = /^\s*([\w.]+)\s*(!=|=)\s*(?:"([^"]*)"|(true|false|null))\s*$/;

// Within a row of a repeating table a name means the field of that row first.
function fieldsOf(place, name) {
  const row = place.closest('[data-row]');
  const near = row ? [...row.querySelectorAll('[name]')].filter((field) => field.name.endsWith(`.${name}`)) : [];
  return near.length ? near : [...place.closest('form').querySelectorAll(`[name="${CSS.escape(name)}"]`)];
}

function answerOf(place, name) {
  const fields = fieldsOf(place, name);
  const chosen = fields.filter((field) => !['radio', 'checkbox'].includes(field.type) || field.checked);
  if (fields[0]?.type === 'checkbox') return String(chosen.length > 0);
  return chosen[0]?.value ?? '';
}

function holds(part, place) {
  const [, name, sign, text, word] = part.match(comparison) ?? [];
  if (!name) return false;
  const wanted = word === 'null' ? '' : (text ?? word);
  return (answerOf(place, name) === wanted) === (sign === '=');
}

function follow(form) {
  for (const place of form.querySelectorAll('[data-hide]')) {
    const source = place.dataset.hide.replace(/^=/, '');
    if (/[()<>]/.test(source)) continue;
    place.hidden = source.split(/\sor\s/).some((either) => either.split(/\sand\s/).every((part) => holds(part, place)));
  }
}

function followAll(root) {
  for (const place of root.querySelectorAll('[data-hide]')) if (place.closest('form')) follow(place.closest('form'));
}

document.addEventListener('change', ({ target }) => target.form && follow(target.form));
document.addEventListener('htmx:load', ({ target }) => followAll(target));
followAll(document);
