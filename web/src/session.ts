/** Whose a token is, as the server says. */
export interface Viewer {
  name: string;
  scopes: string[];
  workflowIds: string[];
  robotIds: string[];
  channels: string[];
}

/** What the page shows of its session. */
export interface SessionState {
  /** Whose token operations are sent with; null without a token. */
  viewer: Viewer | null;
  /** Whether the server has refused an operation for want of a token. */
  needsToken: boolean;
  /** Whether the dialog that asks for a token is open. */
  asking: boolean;
  /** Why it is open, beside the first time. */
  reason: string;
}

/** The built-in document of the server: it may be sent where others may not. */
const viewerQuery = 'query PlaygroundViewer { viewer { name scopes workflowIds robotIds channels } }';

/** The token of this page. It is in the memory of this tab alone: neither stored nor part of an address. */
export class Session {
  #token = '';
  #state: SessionState = { viewer: null, needsToken: false, asking: false, reason: '' };
  #listeners = new Set<() => void>();
  #waiting: ((signedIn: boolean) => void)[] = [];

  constructor(private readonly url: string) {}

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether the viewer sees what masks hide from others, as everybody does without tokens. */
  get seesPersonalData(): boolean {
    return this.#state.viewer?.scopes.includes('PII') ?? true;
  }

  /** The headers of a request, or the parameters of a WebSocket, that carry the token. */
  get headers(): Record<string, string> {
    return authorization(this.#token);
  }

  /** Opens the dialog if the server serves nobody without a token. */
  async begin(): Promise<void> {
    if ((await this.#viewerOf('')) === 'unknown') void this.refused(this.headers);
  }

  /**
   * Forgets a token with which an operation was refused, and opens the dialog. The result says whether there is a
   * token now with which it can be sent again.
   */
  async refused(sent: Record<string, string>): Promise<boolean> {
    if (sent.Authorization !== this.headers.Authorization) return true;
    const reason = this.#token && 'The token has ended. Enter another one.';
    this.#token = '';
    this.#set({ viewer: null, needsToken: true, reason });
    return this.ask();
  }

  /** Opens the dialog. The result says whether a token was given. */
  ask(): Promise<boolean> {
    this.#set({ asking: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Closes the dialog without a token. */
  cancel(): void {
    this.#close(false);
  }

  /** Takes a token if the server knows it, and returns what is wrong otherwise. */
  async signIn(token: string): Promise<string> {
    const viewer = await this.#viewerOf(token);
    if (viewer === 'unknown') return 'The token is unknown or has ended.';
    if (typeof viewer === 'string') return viewer;
    this.#token = token;
    this.#set({ viewer });
    this.#close(true);
    return '';
  }

  /** Forgets the token, and with the page everything that was read with it. */
  signOut(): void {
    location.reload();
  }

  /** Whose a token is, 'unknown', or why the server did not say. */
  async #viewerOf(token: string): Promise<Viewer | string> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...authorization(token) },
        body: JSON.stringify({ query: viewerQuery }),
      });
      if (response.status === 401) return 'unknown';
      const answer = (await response.json()) as { data?: { viewer: Viewer }; errors?: { message: string }[] };
      return answer.data?.viewer ?? answer.errors?.[0]?.message ?? `The server answered ${response.status}.`;
    } catch {
      return 'The server cannot be reached.';
    }
  }

  #close(signedIn: boolean): void {
    this.#set({ asking: false, reason: '' });
    for (const resolve of this.#waiting.splice(0)) resolve(signedIn);
  }

  #set(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function authorization(token: string): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}
