import { Problem, stream } from './http';

/** What has changed, as far as the person may see it. */
export interface Changes {
  /** Anything may have. */
  all?: boolean;
  kinds?: {
    kind: string;
    ids?: string[];
    /** Records on which something of the kind was written. */
    about?: string[];
    /** And others, which are not named. */
    more?: boolean;
  }[];
}

interface Listener {
  told: (changes: Changes) => void;
  /** The server says that no more will come; whether to come back all the same. */
  ended: () => Promise<boolean>;
}

interface Told {
  name: string;
  id: string;
  data: string;
}

const longest = 60_000;

/** A tab that is hidden for so long does not listen; it asks what it has missed when it is looked at. */
const unseen = 30_000;

/**
 * Listens for as long as the tab is looked at, and comes back after a break with
 * the mark of what it heard last. Whoever calls the answer ends it.
 */
export function listen({ told, ended }: Listener): () => void {
  const life = new AbortController();
  let mark = '';
  let tries = 0;

  async function once(signal: AbortSignal): Promise<boolean> {
    const body = await stream('/events', { headers: mark ? { 'Last-Event-ID': mark } : {}, signal });
    if (!body) return true;
    for await (const event of events(body)) {
      if (event.name === 'end') return ended();
      if (event.name !== 'changed') continue;
      tries = 0;
      mark = event.id || mark;
      told(JSON.parse(event.data) as Changes);
    }
    return true;
  }

  async function run() {
    while (!life.signal.aborted) {
      await looked(life.signal);
      const tab = hides(life.signal);
      let wait = 1000 * 2 ** Math.min(tries++, 6);
      try {
        if (!(await once(tab.signal))) return;
      } catch (failure) {
        if (failure instanceof Problem) {
          if (failure.status === 401 || failure.status === 403) {
            if (!(await ended())) return;
          }
          wait = Math.max(wait, 1000 * (failure.retryAfter ?? 0));
        }
        // Any other break is the net's, and passes.
      } finally {
        tab.done();
      }
      if (document.visibilityState === 'visible') {
        // Not all at once, when a server comes up again.
        await pause(Math.min(wait, longest) * (0.5 + Math.random() / 2), life.signal);
      } else tries = 0;
    }
  }

  void run();
  return () => life.abort();
}

/** The events of a stream, one by one. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<Told> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const event = { name: '', id: '', data: '' };
        for (const line of part.split('\n')) {
          const at = line.indexOf(': ');
          if (at < 1) continue;
          const name = line.slice(0, at);
          if (name === 'event') event.name = line.slice(at + 2);
          else if (name === 'id') event.id = line.slice(at + 2);
          else if (name === 'data') event.data += line.slice(at + 2);
        }
        if (event.name) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Waits until the tab is looked at. */
function looked(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (document.visibilityState === 'visible' || signal.aborted) return done();
    document.addEventListener('visibilitychange', () => done(), { once: true, signal });
    signal.addEventListener('abort', () => done(), { once: true });
  });
}

/** Is aborted once the tab has not been looked at for a while. */
function hides(life: AbortSignal) {
  const control = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(() => control.abort(), unseen);
  };
  const end = () => control.abort();
  document.addEventListener('visibilitychange', turn);
  life.addEventListener('abort', end);
  turn();
  return {
    signal: control.signal,
    done: () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', turn);
      life.removeEventListener('abort', end);
    },
  };
}

function pause(time: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, time);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });
}
