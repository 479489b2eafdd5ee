import htmx from 'htmx.org';
import { csrfToken } from './words.js';

// Safe from the start; <meta name="htmx-config"> can still change the rest. History is not kept, because it would put
// pages with case data into the browser's local storage.
Object.assign(htmx.config, { allowEval: false, includeIndicatorStyles: false, historyCacheSize: 0, refreshOnHistoryMiss: true });

document.addEventListener('htmx:configRequest', ({ detail }) => {
  if (detail.verb !== 'get') detail.headers['X-CSRFToken'] = csrfToken();
});

export default htmx;
