import type { Variables } from '../../answer/selection';
import { Store } from '../../store';
import { type Format, fileName, formats, rowCounter } from './formats';

/** What an export is of, and how its file is written. */
export interface ExportRequest {
  query: string;
  variables: Variables;
  operationName: string | null;
  format: Format;
  /** Whether texts that a spreadsheet would compute stay as they are. */
  rawFormulas: boolean;
  byteOrderMark: boolean;
  /** Whether the file is written while it arrives, instead of at its end. */
  toDisk: boolean;
}

export type ExportState =
  | { step: 'idle' }
  | { step: 'running'; file: string; rows: number | null; bytes: number }
  | { step: 'done'; file: string; rows: number | null; bytes: number }
  | { step: 'failed'; errors: { message: string }[] }
  | { step: 'cancelled' };

/** Sends a request to a route of the server, with the session's token. */
export type Send = (route: string, init: RequestInit) => Promise<Response>;

/** What the panel Export does. It goes on while another panel is open. */
export class Exporter extends Store<ExportState> {
  #running: AbortController | null = null;

  constructor(private readonly send: Send) {
    super({ step: 'idle' });
  }

  cancel(): void {
    this.#running?.abort();
  }

  async start(request: ExportRequest): Promise<void> {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    try {
      await this.#run(request, running.signal);
    } catch (error) {
      if (running.signal.aborted) this.set({ step: 'cancelled' });
      else this.set({ step: 'failed', errors: [{ message: messageOf(error) }] });
    } finally {
      this.#running = null;
    }
  }

  async #run(request: ExportRequest, signal: AbortSignal): Promise<void> {
    const { format } = request;
    const file = fileName(request.operationName ?? '', format, new Date());
    const sink = request.toDisk && window.showSaveFilePicker ? await openFile(file, format) : new Download(file, format);
    try {
      this.set({ step: 'running', file, rows: null, bytes: 0 });
      const response = await this.send(routeOf(request), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          query: request.query,
          variables: request.variables,
          ...(request.operationName && { operationName: request.operationName }),
        }),
        signal,
      });
      if (!response.ok || !response.body) throw new Error(await refusalOf(response));
      const { rows, bytes } = await this.#read(response.body, file, format, sink);
      signal.throwIfAborted();
      await sink.close();
      this.set({ step: 'done', file, rows, bytes });
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }

  async #read(body: ReadableStream<Uint8Array>, file: string, format: Format, sink: Sink) {
    const counter = rowCounter(format);
    const reader = body.getReader();
    let bytes = 0;
    let shownAt = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { rows: counter.rows, bytes };
      counter.add(value);
      bytes += value.length;
      await sink.write(value as Uint8Array<ArrayBuffer>);
      if (Date.now() - shownAt > 200) {
        shownAt = Date.now();
        this.set({ step: 'running', file, rows: counter.rows, bytes });
      }
    }
  }
}

function routeOf({ format, rawFormulas, byteOrderMark }: ExportRequest): string {
  const options = new URLSearchParams({ format });
  if (format === 'csv' && rawFormulas) options.set('formulas', 'raw');
  if (format === 'csv' && byteOrderMark) options.set('bom', 'true');
  return `export?${options}`;
}

/** Why the server has refused an export. */
async function refusalOf(response: Response): Promise<string> {
  try {
    const { errors } = (await response.json()) as { errors: { message: string }[] };
    return errors.map(({ message }) => message).join('\n');
  } catch {
    return `The server answered ${response.status}.`;
  }
}

function messageOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'AbortError') return 'No file was chosen.';
  // A browser gives no reason: the server was not reached, or has broken the answer off.
  if (error instanceof TypeError) return 'The connection was broken off before the end. Nothing was saved.';
  return error instanceof Error ? error.message : String(error);
}

/** Where a file goes. Until it is closed nothing has its name. */
interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** So many bytes are collected before they become a part, which the browser may keep on disk. */
const partSize = 8 << 20;

/** Keeps a file until its end, and then has the browser download it. */
class Download implements Sink {
  #parts: Blob[] = [];
  #last: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  constructor(
    private readonly file: string,
    private readonly format: Format,
  ) {}

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#last.push(bytes);
    this.#size += bytes.length;
    if (this.#size < partSize) return;
    this.#parts.push(new Blob(this.#last));
    this.#last = [];
    this.#size = 0;
  }

  async close(): Promise<void> {
    const address = URL.createObjectURL(new Blob([...this.#parts, ...this.#last], { type: formats[this.format].type }));
    const link = document.createElement('a');
    link.href = address;
    link.download = this.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  async abort(): Promise<void> {
    this.#parts = [];
    this.#last = [];
  }
}

/** Asks for a file, and writes it while it arrives: the browser puts it in place when it is closed. */
async function openFile(file: string, format: Format): Promise<Sink> {
  const picked = await window.showSaveFilePicker?.({
    suggestedName: file,
    types: [{ description: formats[format].name, accept: { [formats[format].type]: [`.${format}`] } }],
  });
  if (!picked) throw new Error('No file was chosen.');
  return picked.createWritable();
}

declare global {
  interface Window {
    /** Of the File System Access API, which not every browser has. */
    showSaveFilePicker?(options: {
      suggestedName: string;
      types: { description: string; accept: Record<string, string[]> }[];
    }): Promise<FileSystemFileHandle>;
  }
}
