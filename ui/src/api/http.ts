/**
 * The one place of the page that talks to the server.
 *
 * Answers that are not fine become a Problem, whose detail is a sentence that
 * may be shown as it is. While somebody views as another person, every reading
 * request says so and nothing is written.
 */

export interface ProblemPart {
  field?: string;
  code?: string;
  detail?: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  readonly parts: ProblemPart[];
  /** By which proofs whoever is refused may come in after all. */
  readonly ways: string[];
  /** Number under which the server's log knows the request. */
  readonly request: string | undefined;
  /** Seconds to wait, when the server said so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: Record<string, unknown>, retryAfter?: number) {
    super(typeof body.detail === 'string' ? body.detail : typeof body.title === 'string' ? body.title : '');
    this.status = status;
    this.code = typeof body.code === 'string' ? body.code : '';
    this.field = typeof body.field === 'string' ? body.field : undefined;
    this.parts = Array.isArray(body.errors) ? (body.errors as ProblemPart[]) : [];
    this.ways = Array.isArray(body.ways) ? (body.ways as string[]) : [];
    this.request = typeof body.request === 'string' ? body.request : undefined;
    this.retryAfter = retryAfter;
  }
}

let viewedPerson: string | null = null;

/** Asks everything as the person would see it, until called with null. */
export function viewAs(person: string | null) {
  viewedPerson = person;
}

/** The person as whom everything is asked, if any. */
export function viewedAs(): string | null {
  return viewedPerson;
}

// When somebody last did something in this tab. What the page asks by itself while
// nobody is there must not keep the session alive.
let attended = Date.now();
for (const sign of ['pointerdown', 'pointermove', 'keydown', 'wheel']) {
  addEventListener(sign, () => (attended = Date.now()), { capture: true, passive: true });
}

let underWay = 0;

/** Whether a change is on its way to the server. */
export const changing = () => underWay > 0;

type Prover = (ways: string[]) => Promise<boolean>;

let prover: Prover | null = null;
let proving: Promise<boolean> | null = null;

/** Says who asks the person to prove once more who they are, when the server wants to know. */
export function proveWith(ask: Prover | null) {
  prover = ask;
}

/** Asks once, also if several requests were refused together. */
function proveOnce(ask: Prover, ways: string[]): Promise<boolean> {
  proving ??= ask(ways).finally(() => {
    proving = null;
  });
  return proving;
}

export type Parameters = Record<string, string | number | boolean | undefined | null>;

export interface Request {
  query?: Parameters;
  body?: unknown;
  /** Sent as it is, with its own type. */
  raw?: { bytes: Blob; type: string };
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export function address(path: string, query: Parameters | undefined) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

async function send(method: string, path: string, request: Request, again = false): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...request.headers };
  let body: BodyInit | undefined;
  if (request.raw) {
    headers['Content-Type'] = request.raw.type;
    body = request.raw.bytes;
  } else if (request.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(request.body);
  }
  if (viewedPerson) headers['Castellan-View-As'] = viewedPerson;
  if (Date.now() - attended > 60_000) headers['Castellan-Unattended'] = '1';
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (body !== undefined) init.body = body;
  if (request.signal) init.signal = request.signal;
  if (method !== 'GET') underWay++;
  const answer = await fetch(address(path, request.query), init).finally(() => {
    if (method !== 'GET') underWay--;
  });
  if (answer.ok) return answer;
  const problem: unknown = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get('Retry-After')) || undefined;
  const refusal = new Problem(answer.status, (problem ?? {}) as Record<string, unknown>, wait);
  // What reaches far takes a fresh proof. Whoever asked for it does not notice:
  // the request is simply repeated once the proof was given.
  if (refusal.code === 'stepup.needed' && prover && !again && (await proveOnce(prover, refusal.ways))) {
    return send(method, path, request, true);
  }
  throw refusal;
}

/** Sends a request and reads the JSON of the answer; undefined where there is none. */
export async function call<T>(method: string, path: string, request: Request = {}): Promise<T> {
  const answer = await send(method, path, request);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Sends a request and gives the answer's text. */
export async function text(method: string, path: string, request: Request = {}): Promise<string> {
  const answer = await send(method, path, {
    ...request,
    headers: { Accept: 'text/plain', ...request.headers },
  });
  return answer.text();
}

/** Fetches a file, to be saved by the browser. */
export async function file(path: string, request: Request = {}): Promise<Blob> {
  const answer = await send('GET', path, { ...request, headers: { Accept: '*/*', ...request.headers } });
  return answer.blob();
}

/** Opens a stream that says what comes, as long as it lasts. */
export async function stream(path: string, request: Request): Promise<ReadableStream<Uint8Array> | null> {
  const headers = { Accept: 'text/event-stream', 'Castellan-Unattended': '1', ...request.headers };
  return (await send('GET', path, { ...request, headers })).body;
}
