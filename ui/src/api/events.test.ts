import { afterEach, expect, test, vi } from 'vitest';
import { type Changes, events, listen } from './events';

const bytes = (parts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(control) {
      for (const part of parts) control.enqueue(new TextEncoder().encode(part));
      control.close();
    },
  });

const answer = (parts: string[], status = 200) =>
  new Response(status === 200 ? bytes(parts) : JSON.stringify({ code: 'session.none' }), {
    status,
    headers: { 'Content-Type': 'text/event-stream' },
  });

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('events are whole however the net cuts them', async () => {
  const told = [];
  const cut = [
    ':\n',
    '\nevent: chan',
    'ged\nid: moment_1\ndata: {"all"',
    ':true}\n',
    '\nretry: 2000\n\nevent: end\ndata: {}\n\nevent: ha',
  ];
  for await (const event of events(bytes(cut))) told.push(event);
  expect(told).toEqual([
    { name: 'changed', id: 'moment_1', data: '{"all":true}' },
    { name: 'end', id: '', data: '{}' },
  ]);
});

test('whoever comes back says what was heard last, and waits longer each time that nothing is', async () => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const marks: (string | undefined)[] = [];
  const times: number[] = [];
  const begun = Date.now();
  const served = [
    () => answer(['event: changed\nid: moment_7\ndata: {"kinds":[{"kind":"deal","ids":["deal_1"]}]}\n\n']),
  ];
  vi.stubGlobal('fetch', (_: string, init: { headers: Record<string, string> }) => {
    marks.push(init.headers['Last-Event-ID']);
    times.push(Math.round((Date.now() - begun) / 1000));
    const next = served.shift();
    return next ? Promise.resolve(next()) : Promise.reject(new TypeError('no net'));
  });
  const told: Changes[] = [];
  const stop = listen({ told: (changes) => told.push(changes), ended: () => Promise.resolve(false) });
  await vi.advanceTimersByTimeAsync(20_000);
  stop();
  expect(told).toEqual([{ kinds: [{ kind: 'deal', ids: ['deal_1'] }] }]);
  expect(marks.slice(0, 3)).toEqual([undefined, 'moment_7', 'moment_7']);
  // The waits double.
  expect(times).toEqual([0, 1, 2, 4, 8, 16]);
});

test('whoever is told that it is over, or is not let in, asks and does not come back by themselves', async () => {
  vi.useFakeTimers();
  for (const last of [
    () => answer(['event: end\ndata: {"code":"session.none"}\n\n']),
    () => answer([], 401),
  ]) {
    let asked = 0;
    let ended = 0;
    vi.stubGlobal('fetch', () => {
      asked++;
      return Promise.resolve(last());
    });
    listen({
      told: () => undefined,
      ended: () => {
        ended++;
        return Promise.resolve(false);
      },
    });
    await vi.advanceTimersByTimeAsync(120_000);
    expect([asked, ended]).toEqual([1, 1]);
  }
});
