import type { Variables } from '../../answer/selection';
import type { PseudonymOf } from './shareable';
import type { Texts } from './fields';
import pseudonymQuery from '../../../../graph/library/PlaygroundPseudonym.graphql?raw';
import type { Result } from '../../fetcher';
import { Store } from '../../store';

/** An operation of the library, as GET /library has it. */
export interface Question {
  id: string;
  name: string;
  /** The question: the first line of the leading comment. */
  title: string;
  /** The other lines of the leading comment. */
  description: string;
  document: string;
  builtIn: boolean;
}

/** What the panel Library shows. It outlives the panel, which is closed while another is open. */
export interface LibraryState {
  /** Null until it is loaded. */
  questions: Question[] | null;
  /** Why it cannot be loaded. */
  problem: string;
  search: string;
  /** The id of the question that is open; '' without one. */
  open: string;
  /** What the forms hold, by question. */
  texts: Record<string, Texts>;
  /** The id of the question that was run last; '' without one. */
  ran: string;
}

export class Library extends Store<LibraryState> {
  readonly #send: (route: string) => Promise<Response>;

  constructor(send: (route: string) => Promise<Response>) {
    super({ questions: null, problem: '', search: '', open: '', texts: {}, ran: '' });
    this.#send = send;
  }

  change(change: Partial<LibraryState>): void {
    this.set({ ...this.value, ...change });
  }

  fill(id: string, texts: Texts): void {
    this.change({ texts: { ...this.value.texts, [id]: texts } });
  }

  /** Loads the questions of the server and returns them; the panel says why there are none. */
  async load(): Promise<Question[]> {
    try {
      const response = await this.#send('library');
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      const { operations } = (await response.json()) as { operations: Question[] };
      this.change({ questions: operations, problem: '' });
      return operations;
    } catch (error) {
      this.change({ problem: error instanceof Error ? error.message : String(error) });
      return [];
    }
  }
}

/** The questions in whose texts each word of a search stands. */
export function searchQuestions(questions: Question[], search: string): Question[] {
  const words = search.toLowerCase().split(/\s+/);
  return questions.filter(({ title, description, name }) => {
    const text = `${title} ${description} ${name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Asks the server for the pseudonyms of callees. */
export function pseudonymsOf(ask: (query: string, variables: Variables) => Promise<Result>): PseudonymOf {
  return async (callee) => {
    const { data } = await ask(pseudonymQuery, { callee });
    return (data?.contact as { pseudonym: string } | null | undefined)?.pseudonym ?? null;
  };
}

/** Variables as the editor of a tab shows them. */
export function variablesText(variables: Variables): string {
  return Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : '';
}
