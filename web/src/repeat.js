// Repeating tables. [data-repeat] holds [data-rows], a <template> for one row whose names carry __i__, and a button [data-add];
// each [data-row] holds a button [data-remove]. Numbers only need to differ: the server reads the rows in the order they come.
import { announce, say } from './words.js';

document.addEventListener('click', (event) => {
  const add = event.target.closest('[data-repeat] [data-add]');
  const remove = event.target.closest('[data-repeat] [data-remove]');
  if (!add && !remove) return;
  event.preventDefault();
  const table = event.target.closest('[data-repeat]');
  table.dataset.next ??= countRows(table); // before the first row goes: a number is never used twice
  if (add) addRow(table);
  else removeRow(table, remove.closest('[data-row]'));
  table.dispatchEvent(new Event('change', { bubbles: true }));
});

const countRows = (table) => table.querySelectorAll('[data-rows] [data-row]').length;

function addRow(table) {
  const rows = table.querySelector('[data-rows]');
  const next = table.dataset.next++;
  const row = table.querySelector('template').content.cloneNode(true);
  for (const element of row.querySelectorAll('*')) {
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll('__i__', next);
  }
  rows.append(row);
  const added = rows.lastElementChild;
  added.querySelector('input:not([type=hidden]), select, textarea')?.focus();
  bound(table);
  announce(say('rowAdded', { n: countRows(table) }));
}

function removeRow(table, row) {
  const neighbour = row.previousElementSibling ?? row.nextElementSibling;
  row.remove();
  bound(table);
  (neighbour?.querySelector('[data-remove]') ?? table.querySelector('[data-add]')).focus();
  announce(say('rowRemoved'));
}

// data-min and data-max: the button that would cross the bound rests.
function bound(table) {
  const rows = countRows(table);
  table.querySelector('[data-add]').disabled = rows >= Number(table.dataset.max ?? Infinity);
  for (const button of table.querySelectorAll('[data-remove]')) button.disabled = rows <= Number(table.dataset.min ?? 0);
}
