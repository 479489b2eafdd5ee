import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPersonnummer } from './personnummer.js';

// Not anyone's: numbers the tax authority has set aside for tests, and one from every textbook.
const spellings = [
  '191212121212', '19121212-1212', '121212-1212', '1212121212', '121212+1212', '121212 1212', '19121212 1212',
  '1912-12-12-1212', '1912-12-12 1212', '1912 12 12 1212', '12 12 12 - 12 12', '1912.12.12-1212', '12/12/12-1212',
  '121212–1212', '121212−1212', '121212\u00a01212', '121212\u20111212', '１２１２１２－１２１２', '1212\u200b12-12\u00ad12',
  'pnr:19121212-1212.', '(121212-1212)', 'a121212-1212b', '121212\n1212', '201212121212 121212-1212',
];
for (const text of spellings) {
  test(`finds ${JSON.stringify(text)}`, () => assert.ok(findPersonnummer(`Hon med ${text} ringde`)));
}

test('finds a coordination number, whose day is raised by 60', () => assert.ok(findPersonnummer('701063-2391')));
test('finds a leap day only where there was one', () => {
  assert.ok(findPersonnummer(withControl('000229000')), '2000 was a leap year');
  assert.equal(findPersonnummer(withControl('010229000')), null);
});
test('finds the second when the first is none', () => assert.ok(findPersonnummer('121212-1213 och 121212-1212')));

const harmless = [
  '', '121212-1213', '1213121212', '08-123 456 78', '556016-0680', '2026-04-14', '2026-04-14 2026-04-15', '2026-04-14–2026-06-30',
  'kl. 10.15–11.45 den 3/4', 'dnr HSN 2026-0412', '12121212121212', '9 av 14', '1 234 567 890 kr',
];
for (const text of harmless) {
  test(`lets ${JSON.stringify(text)} be`, () => assert.equal(findPersonnummer(text), null));
}

function withControl(nine) {
  const tenth = [...'0123456789'].find((digit) => {
    const sum = [...(nine + digit)].reduce((total, d, i) => total + ((d * (i % 2 ? 1 : 2)) % 10) + Math.floor((d * (i % 2 ? 1 : 2)) / 10), 0);
    return sum % 10 === 0;
  });
  return nine + tenth;
}
