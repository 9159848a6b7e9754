import { expect, test } from 'vitest';
import type { Kind } from '../../api/kinds';
import { cellsOf, guess, hasHead, valuesOf } from './rows';

const field = (name: string, type: string, en: string, ru: string) => ({
  name,
  type,
  labels: { en, ru },
  sight: {},
});

const kind = {
  name: 'prospect',
  title: 'name',
  fields: [
    field('name', 'text', 'Name', 'Имя'),
    field('company_name', 'text', 'Company', 'Компания'),
    field('phones', 'phones', 'Phones', 'Телефоны'),
    field('emails', 'emails', 'E-mails', 'Эл. почта'),
    field('tags', 'tags', 'Tags', 'Метки'),
    field('note', 'longtext', 'Note', 'Заметка'),
    { ...field('created_at', 'datetime', 'Created', 'Создано'), house: true },
  ],
} as unknown as Kind;

const read = (text: string) => {
  const cells = cellsOf(text);
  const head = hasHead(kind, cells);
  return valuesOf(kind, cells, guess(kind, cells, head), head);
};

test('rows with headings go where their headings say, and what has no field goes into the note', () => {
  expect(read('Имя\tТелефон\tГород рождения\nОля\t+48 500 555 001\tKraków\n\nЯн\t\t')).toEqual([
    { name: 'Оля', phones: [{ number: '+48 500 555 001' }], note: 'Город рождения: Kraków' },
    { name: 'Ян' },
  ]);
});

test('rows without headings are read by what stands in them', () => {
  expect(
    read('ola@example.com;Ola Nowak;+48 500 555 001;fair\njan@example.com;Jan Lis;500 555 002;mail'),
  ).toEqual([
    {
      name: 'Ola Nowak',
      emails: [{ address: 'ola@example.com' }],
      phones: [{ number: '+48 500 555 001' }],
      note: 'fair',
    },
    {
      name: 'Jan Lis',
      emails: [{ address: 'jan@example.com' }],
      phones: [{ number: '500 555 002' }],
      note: 'mail',
    },
  ]);
});

test('a cell may hold what separates cells, lines and quotes', () => {
  expect(cellsOf('Name,Note\r\n"Lis, Jan","says ""yes""\nand comes"\r\n')).toEqual([
    ['Name', 'Note'],
    ['Lis, Jan', 'says "yes"\nand comes'],
  ]);
});

test('a row that has no name is called by the first thing that it has', () => {
  expect(read('Name;E-mails\n;ola@example.com')).toEqual([
    { name: 'ola@example.com', emails: [{ address: 'ola@example.com' }] },
  ]);
});

test('several numbers in one cell are several numbers', () => {
  expect(read('Name;Phones;Tags\nOla;500 555 001, 500 555 002;fair, warm')[0]).toEqual({
    name: 'Ola',
    phones: [{ number: '500 555 001' }, { number: '500 555 002' }],
    tags: ['fair', 'warm'],
  });
});
