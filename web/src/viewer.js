// <div data-diagram="URL" data-visited='["id"]' data-current='["id"]' data-counts='{"id": 3}'>: shows the diagram,
// the path walked, where the tokens stand and how many cases stand there. Waits until the <details> around it is opened.
// Instead of a URL, data-source="id" names the <template> that holds the diagram.
// <a href="#id of a diagram" data-show="id" data-path='["id"]'> shows an element there, and a way to it.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import './viewer.css';
import { announce, say } from './words.js';

const viewers = new WeakMap();

async function source(place) {
  if (place.dataset.source) return document.getElementById(place.dataset.source).content.textContent;
  const answer = await fetch(place.dataset.diagram);
  if (!answer.ok) throw new Error(`Expected a diagram at ${place.dataset.diagram}, but the answer was ${answer.status}`);
  return answer.text();
}

async function draw(place) {
  if (place.dataset.drawn) return;
  place.dataset.drawn = 'yes';
  try {
    const xml = await source(place);
    // The wheel scrolls the page as everywhere else; zooming has its own buttons.
    const viewer = new NavigatedViewer({ container: place, zoomScroll: { enabled: false } });
    await viewer.importXML(xml);
    viewers.set(place, viewer);
    mark(viewer, place);
    addZoom(viewer, place);
    fit(viewer);
    place.setAttribute('role', 'group'); // no longer one picture: there are buttons in it
    place.dataset.drawn = 'done';
  } catch (error) {
    console.error(error);
    place.textContent = say('diagramFailed');
    place.dataset.drawn = 'failed';
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

function fit(viewer) {
  const canvas = viewer.get('canvas');
  canvas.zoom('fit-viewport', 'auto');
  canvas.zoom(canvas.zoom() * 0.94, 'auto'); // lines have a width that the fit leaves out
}

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

const POINTED = ['found', 'on-way'];

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-show]');
  const place = link && document.getElementById(link.hash.slice(1));
  const viewer = place && viewers.get(place);
  if (!viewer || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  point(viewer, link.dataset.show, read(link.dataset.path, []));
  place.scrollIntoView({ block: 'center' });
  place.focus({ preventScroll: true });
});

function point(viewer, id, path) {
  const canvas = viewer.get('canvas');
  const elements = viewer.get('elementRegistry');
  elements.forEach((element) => POINTED.forEach((marker) => canvas.removeMarker(element, marker)));
  const found = elements.get(id);
  const way = path.map((one) => elements.get(one)).filter(Boolean);
  const after = new Map(way.map((one, place) => [one, place]));
  if (found && !after.has(found)) after.set(found, way.length);
  // A flow is on the way where the token came from its source before it came to its target.
  const flows = elements.filter((one) => after.has(one.source) && after.has(one.target) && after.get(one.source) < after.get(one.target));
  for (const one of [...way, ...(way.length ? flows : [])]) canvas.addMarker(one, 'on-way');
  if (found && !isRoot(canvas, found)) canvas.addMarker(found, 'found');
  const shown = [...way, ...(found && !isRoot(canvas, found) ? [found] : [])];
  if (shown.length) zoomTo(canvas, shown);
  else fit(viewer);
  announce(found ? say('shownInDiagram', { name: found.businessObject.name || id }) : say('notInDiagram', { name: id }));
}

const isRoot = (canvas, element) => element === canvas.getRootElement();

// All of them, with some room around, and never larger than life.
function zoomTo(canvas, shown) {
  const boxes = shown.map((one) => (one.waypoints ? boxOf(one.waypoints) : one));
  const left = Math.min(...boxes.map((box) => box.x)) - 60;
  const top = Math.min(...boxes.map((box) => box.y)) - 60;
  const width = Math.max(...boxes.map((box) => box.x + box.width)) + 60 - left;
  const height = Math.max(...boxes.map((box) => box.y + box.height)) + 60 - top;
  const { outer } = canvas.viewbox();
  const [wide, high] = [Math.max(width, outer.width), Math.max(height, outer.height)];
  canvas.viewbox({ x: left - (wide - width) / 2, y: top - (high - height) / 2, width: wide, height: high });
}

function boxOf(points) {
  const [xs, ys] = [points.map((one) => one.x), points.map((one) => one.y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

const isFolded = (place) => Boolean(place.closest('details:not([open])'));

function drawAll(root) {
  for (const place of root.querySelectorAll('[data-diagram]')) if (!isFolded(place)) draw(place);
}

document.addEventListener('toggle', ({ target }) => target.open && drawAll(target), true);
document.addEventListener('htmx:load', ({ target }) => drawAll(target));
drawAll(document);
