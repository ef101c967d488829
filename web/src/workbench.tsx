import { createContext, useContext } from 'react';
import { Answers } from './answer/answers';
import type { Variables } from './answer/selection';
import { ask, fetchWithToken, type Result, url } from './fetcher';
import { Exporter } from './plugins/export/exporter';
import { Library } from './plugins/library/library';
import { Session } from './session';
import { Store } from './store';

/** What the panels share: the session, the answer that they show, and what one of them asks another for. */
export class Workbench {
  readonly session = new Session(url.href);
  readonly answers = new Answers();
  /** The call id of the conversation that is shown; '' without one. */
  readonly callId = new Store('');
  readonly library = new Library((route) => this.send(route));
  readonly exporter = new Exporter((route, init) => this.send(route, init));

  /** Sends an operation beside those of the editor. */
  ask(query: string, variables: Variables, signal?: AbortSignal): Promise<Result> {
    return ask(this.session, query, variables, signal);
  }

  /** Sends a request to a route beside that of GraphQL, with the session's token. */
  send(route: string, init?: RequestInit): Promise<Response> {
    return fetchWithToken(this.session, new URL(route, location.href), init);
  }
}

const WorkbenchContext = createContext<Workbench | null>(null);

export const WorkbenchProvider = WorkbenchContext.Provider;

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('no workbench');
  return workbench;
}
