import type { Variables } from '../../answer/selection';
import type { PseudonymOf } from './shareable';
import type { Texts } from './fields';
import pseudonymQuery from '../../../../graph/library/PlaygroundPseudonym.graphql?raw';
import { Store } from '../../store';
import type { Workbench } from '../../workbench';

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
  constructor() {
    super({ questions: null, problem: '', search: '', open: '', texts: {}, ran: '' });
  }

  change(change: Partial<LibraryState>): void {
    this.set({ ...this.value, ...change });
  }

  fill(id: string, texts: Texts): void {
    this.change({ texts: { ...this.value.texts, [id]: texts } });
  }
}

/** Loads the library of the server, and returns its questions; it says why there are none in the panel. */
export async function loadLibrary(workbench: Workbench): Promise<Question[]> {
  const { library } = workbench;
  try {
    const response = await workbench.send('library');
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const { operations } = (await response.json()) as { operations: Question[] };
    library.change({ questions: operations, problem: '' });
    return operations;
  } catch (error) {
    library.change({ problem: error instanceof Error ? error.message : String(error) });
    return [];
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
export function pseudonymsOf(workbench: Workbench): PseudonymOf {
  return async (callee) => {
    const { data } = await workbench.ask(pseudonymQuery, { callee });
    return (data?.contact as { pseudonym: string } | null | undefined)?.pseudonym ?? null;
  };
}

/** Variables as the editor of a tab shows them. */
export function variablesText(variables: Variables): string {
  return Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : '';
}
