// <div data-diagram="URL" data-visited='["id"]' data-current='["id"]' data-counts='{"id": 3}'>: shows the diagram,
// the path walked, where the tokens stand and how many cases stand there. Waits until the <details> around it is opened.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import './viewer.css';
import { say } from './words.js';

async function draw(place) {
  if (place.dataset.drawn) return;
  place.dataset.drawn = 'yes';
  try {
    const answer = await fetch(place.dataset.diagram);
    if (!answer.ok) throw new Error(`Expected a diagram at ${place.dataset.diagram}, but the answer was ${answer.status}`);
    // The wheel scrolls the page as everywhere else; zooming has its own buttons.
    const viewer = new NavigatedViewer({ container: place, zoomScroll: { enabled: false } });
    await viewer.importXML(await answer.text());
    mark(viewer, place);
    addZoom(viewer, place);
    fit(viewer);
    place.setAttribute('role', 'group'); // no longer one picture: there are buttons in it
    place.dataset.drawn = 'done';
  } catch (error) {
    console.error(error);
    place.textContent = say('diagramFailed');
  }
}

function mark(viewer, place) {
  const canvas = viewer.get('canvas');
  const elements = viewer.get('elementRegistry');
  const marked = { visited: read(place.dataset.visited, []), current: read(place.dataset.current, []) };
  for (const [marker, ids] of Object.entries(marked)) {
    for (const id of ids) if (elements.get(id)) canvas.addMarker(id, marker);
  }
  for (const [id, count] of Object.entries(read(place.dataset.counts, {}))) {
    if (!elements.get(id)) continue;
    const badge = document.createElement('div');
    badge.className = 'diagram-count';
    badge.textContent = count;
    viewer.get('overlays').add(id, { position: { top: -12, right: 12 }, html: badge, scale: { min: 0.8 } });
  }
}

const read = (json, otherwise) => (json ? JSON.parse(json) : otherwise);
const fit = (viewer) => viewer.get('canvas').zoom('fit-viewport', 'auto');

function addZoom(viewer, place) {
  const step = (by) => viewer.get('zoomScroll').stepZoom(by);
  const bar = document.createElement('div');
  bar.className = 'diagram-zoom';
  const buttons = [['zoomIn', () => step(1)], ['zoomOut', () => step(-1)], ['zoomFit', () => fit(viewer)]];
  // Long processes are tiny as a whole: one press shows where the case stands, large enough to read.
  const here = read(place.dataset.current, []).find((id) => viewer.get('elementRegistry').get(id));
  if (here) buttons.unshift(['zoomHere', () => show(viewer, here)]);
  for (const [word, act] of buttons) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = say(word);
    button.addEventListener('click', act);
    bar.append(button);
  }
  place.append(bar);
}

function show(viewer, id) {
  viewer.get('canvas').zoom(1);
  viewer.get('canvas').scrollToElement(id, 150);
}

const isFolded = (place) => Boolean(place.closest('details:not([open])'));

function drawAll(root) {
  for (const place of root.querySelectorAll('[data-diagram]')) if (!isFolded(place)) draw(place);
}

document.addEventListener('toggle', ({ target }) => target.open && drawAll(target), true);
document.addEventListener('htmx:load', ({ target }) => drawAll(target));
drawAll(document);
