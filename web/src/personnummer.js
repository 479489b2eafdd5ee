// Finds a personnummer or samordningsnummer in free text. A courtesy while one types: the server decides.

// Anything people put between the groups: spaces of all kinds, hyphens, dashes, plus, dot, slash. At most three in a row.
const gap = String.raw`[\s\p{Pd}\u2212+./_]{0,3}`;
const number = new RegExp(
  String.raw`(?<![0-9]|[0-9][-./])(18|19|20)?${gap}([0-9]{2})${gap}([0-9]{2})${gap}([0-9]{2})${gap}([0-9]{2})${gap}([0-9])${gap}([0-9])(?![0-9]|[-./][0-9])`,
  'gu',
);

export function findPersonnummer(text) {
  // NFKC turns wide and raised digits into plain ones; zero-width signs and soft hyphens only hide.
  const plain = text.normalize('NFKC').replace(/\p{Cf}/gu, '');
  for (let start = 0; ; ) {
    number.lastIndex = start;
    const found = number.exec(plain);
    if (!found) return null;
    const [whole, century, year, month, day, ...rest] = found;
    if (isDate(century, year, month, day) && passesLuhn(year + month + day + rest.join(''))) return whole.trim();
    start = found.index + 1;
  }
}

function isDate(century, year, month, day) {
  const dayOfMonth = day > 60 ? day - 60 : Number(day);
  const centuries = century ? [century] : ['19', '20'];
  return centuries.some((c) => {
    const date = new Date(Date.UTC(c + year, month - 1, dayOfMonth));
    return date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
  });
}

function passesLuhn(digits) {
  const sum = [...digits].reduce((total, digit, place) => {
    const weighed = digit * (place % 2 ? 1 : 2);
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return sum % 10 === 0;
}
