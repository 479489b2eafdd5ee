// The few sentences that scripts say by themselves, in the page's language.
const words = {
  sv: {
    saved: 'sparat {time}',
    notSaved: 'inte sparat – försöker igen',
    stopped: 'inte sparat',
    personnummer:
      'Det här ser ut som ett personnummer eller samordningsnummer. Ta bort det: här beskrivs problemet, aldrig en enskild person. ' +
      'Inget sparas eller skickas så länge numret står kvar.',
    rowAdded: 'Rad {n} tillagd',
    rowRemoved: 'Rad borttagen',
    zoomHere: 'Läget nu',
    zoomIn: 'Större',
    zoomOut: 'Mindre',
    zoomFit: 'Hela bilden',
    shownInDiagram: '{name} visas i bilden',
    notInDiagram: '{name} finns inte i bilden',
    diagramFailed: 'Bilden kunde inte visas. Samma innehåll finns som text på sidan.',
  },
  en: {
    saved: 'saved {time}',
    notSaved: 'not saved – trying again',
    stopped: 'not saved',
    personnummer:
      'This looks like a personal identity number or coordination number. Remove it: describe the problem here, never a person. ' +
      'Nothing is saved or sent while the number stands.',
    rowAdded: 'Row {n} added',
    rowRemoved: 'Row removed',
    zoomHere: 'Where it is now',
    zoomIn: 'Larger',
    zoomOut: 'Smaller',
    zoomFit: 'Whole picture',
    shownInDiagram: '{name} is shown in the picture',
    notInDiagram: '{name} is not in the picture',
    diagramFailed: 'The picture could not be shown. The same content is on the page as text.',
  },
};

export function say(key, values = {}) {
  const chosen = words[document.documentElement.lang.slice(0, 2)] ?? words.sv;
  return chosen[key].replace(/{(\w+)}/g, (_, name) => values[name]);
}

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

// One polite live region for the whole page: what happens without a page load is also said aloud. It is there from the
// start, because screen readers miss what is said by a region that has just appeared.
const region = document.createElement('p');
region.className = 'visually-hidden';
region.setAttribute('aria-live', 'polite');
document.body.append(region);

export function announce(text) {
  region.textContent = text;
}
