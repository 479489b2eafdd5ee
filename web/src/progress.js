// <ol data-progress data-done="klar">: links to the sections of a form; one whose questions are answered says so.
const isSeen = (field) => !field.closest('[hidden], template');

function isDone(section) {
  const fields = [...section.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(isSeen);
  const isAnswered = fields.some((field) => (['radio', 'checkbox'].includes(field.type) ? field.checked : field.value.trim()));
  return isAnswered && fields.every((field) => field.validity.valid);
}

function update() {
  for (const list of document.querySelectorAll('[data-progress]')) {
    for (const link of list.querySelectorAll('a[href^="#"]')) {
      const section = document.getElementById(link.hash.slice(1));
      if (!section) continue;
      const done = isDone(section);
      link.parentElement.classList.toggle('done', done);
      link.nextElementSibling.textContent = done ? list.dataset.done : '';
    }
  }
}

document.addEventListener('input', update);
document.addEventListener('change', update);
document.addEventListener('htmx:load', update);
update();
