import { address, Problem, type Request, viewedAs } from './http';

interface Sending extends Request {
  raw: { bytes: Blob; type: string };
  told: (part: number) => void;
  signal: AbortSignal;
}

/** Sends a file and tells on the way how much of it has gone, which fetch does not. */
export function sendUp<T>(path: string, { query, raw, headers, told, signal }: Sending): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path, query));
    for (const [name, value] of Object.entries({
      Accept: 'application/json',
      'Content-Type': raw.type,
      ...headers,
    })) {
      request.setRequestHeader(name, value);
    }
    const looking = viewedAs();
    if (looking) request.setRequestHeader('Castellan-View-As', looking);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) told(event.loaded / event.total);
    };
    request.onload = () => {
      let answer: Record<string, unknown> = {};
      try {
        answer = JSON.parse(request.responseText) as Record<string, unknown>;
      } catch {
        // An answer that is no JSON is told by its status alone.
      }
      if (request.status >= 200 && request.status < 300) resolve(answer as T);
      else {
        const wait = Number(request.getResponseHeader('Retry-After')) || undefined;
        reject(new Problem(request.status, answer, wait));
      }
    };
    request.onerror = () => reject(new TypeError('the connection broke'));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(raw.bytes);
  });
}
