import type { Status } from '../../api/journal';
import { strokes } from './status';

export interface Face {
  id: string;
  /** What it is called aloud: all that is shown, in one line. */
  label: string;
  status: Status;
  time: string;
  who: string;
  what: string;
  repeats: boolean;
  noted: boolean;
  /** The states that are one click away, with their names; none for whoever may not change it. */
  quick: [Status, string][];
  movable: boolean;
  /** Whether its state stands there as an icon, and not in its looks alone. */
  marked: boolean;
}

const svg = 'http://www.w3.org/2000/svg';

/** An icon, drawn without React. */
export function icon(status: Status, size = 13): SVGElement {
  const image = document.createElementNS(svg, 'svg');
  image.setAttribute('viewBox', '0 0 24 24');
  image.setAttribute('width', String(size));
  image.setAttribute('height', String(size));
  image.setAttribute('fill', 'none');
  image.setAttribute('stroke', 'currentColor');
  image.setAttribute('stroke-width', '2.2');
  image.setAttribute('stroke-linecap', 'round');
  image.setAttribute('stroke-linejoin', 'round');
  image.setAttribute('aria-hidden', 'true');
  for (const d of strokes[status]) {
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('d', d);
    image.append(path);
  }
  return image;
}

function part(tag: string, name: string, text = '') {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = text;
  return node;
}

/**
 * What an appointment looks like in the calendar, drawn without React: the
 * calendar asks for it on every move of the mouse.
 */
export function draw(face: Face): HTMLElement {
  const box = part('div', 'visit');
  box.dataset.visit = face.id;
  box.dataset.status = face.status;
  if (face.movable) box.dataset.movable = '';
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', face.label);
  const line = part('div', 'visit-line');
  line.append(part('span', 'visit-time', face.time));
  if (face.marked) {
    const mark = part('span', 'visit-mark');
    mark.append(icon(face.status));
    line.append(mark);
  }
  const words = part('div', 'visit-words');
  words.append(part('span', 'visit-who', face.who));
  if (face.what && face.what !== face.who) words.append(part('span', 'visit-what', face.what));
  box.append(line, words);
  if (face.repeats) box.dataset.repeats = '';
  if (face.noted) box.dataset.noted = '';
  if (face.quick.length) {
    const quick = part('div', 'visit-quick');
    for (const [status, word] of face.quick) {
      const button = document.createElement('button');
      button.type = 'button';
      button.tabIndex = -1; // the keys 1 to 4 do the same
      button.dataset.to = status;
      button.title = word;
      button.setAttribute('aria-label', word);
      button.append(icon(status, 14));
      quick.append(button);
    }
    box.append(quick);
  }
  return box;
}
