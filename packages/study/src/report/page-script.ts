/**
 * Source of a browser function that takes an element of a page and makes it interactive: it shows the text of
 * the data point under the pointer or chosen with the arrow keys, and sorts tables. The page is complete
 * without it.
 */
export const ENHANCE = `(root) => {
  'use strict';
  const tip = document.getElementById('tip');
  let chosen;
  const show = (mark) => {
    if (chosen) chosen.classList.remove('chosen');
    chosen = mark;
    tip.hidden = !mark;
    if (!mark) return;
    mark.classList.add('chosen');
    tip.textContent = mark.dataset.tip;
    const box = mark.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    tip.style.left = Math.max(4, Math.min(box.left + box.width / 2 + 10, room - tip.offsetWidth - 8)) + scrollX + 'px';
    tip.style.top = Math.max(4, box.top - tip.offsetHeight - 8) + scrollY + 'px';
  };
  for (const plot of root.querySelectorAll('.plot')) {
    const marks = [...plot.querySelectorAll('[data-tip]')];
    let at = -1;
    const nearest = (event) => {
      let best, least = 24 * 24;
      for (const mark of marks) {
        const box = mark.getBoundingClientRect();
        const dx = Math.max(box.left - event.clientX, 0, event.clientX - box.right), dy = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
        if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; best = mark; }
      }
      return best;
    };
    plot.addEventListener('pointermove', (event) => show(nearest(event)));
    plot.addEventListener('pointerdown', (event) => show(nearest(event)));
    plot.addEventListener('pointerleave', () => show());
    plot.addEventListener('blur', () => show());
    plot.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') return show();
      if (!step || marks.length === 0) return;
      event.preventDefault();
      at = at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length;
      show(marks[at]);
    });
  }
  // Digits after a point compare as decimals where they are as many: 0.33 before 0.5.
  const padded = (text) => text.replace(/(?<![\\d.])(\\d+)\\.(\\d+)(?!\\.?\\d)/g, (_, whole, part) => whole + '.' + part.padEnd(20, '0'));
  for (const table of root.querySelectorAll('table[data-sortable]')) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const descending = head.getAttribute('aria-sort') === 'ascending';
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
        const key = (row) => { const { value } = row.cells[column].dataset; return value === undefined ? row.cells[column].textContent : value === '' ? -Infinity : Number(value); };
        const rows = [...table.tBodies[0].rows].sort((a, b) => { const [x, y] = [key(a), key(b)]; return typeof x === 'number' ? x - y : padded(x).localeCompare(padded(y), 'en', { numeric: true }); });
        table.tBodies[0].append(...(descending ? rows.reverse() : rows));
      });
    });
  }
}`;

/** The script of a report. */
export const PAGE_SCRIPT = `(${ENHANCE})(document);`;
