import {
  type GraphiQLPlugin,
  tryParseJSONC,
  useGraphiQL,
  useGraphiQLActions,
  useOperationsEditorState,
  useVariablesEditorState,
} from '@graphiql/react';
import type { GraphQLSchema } from 'graphql';
import { useRef } from 'react';

// The panels' only way to GraphiQL: its public hooks, in this file. To move to another major version of GraphiQL,
// change this file, and the props in Playground.tsx.

export type { GraphiQLPlugin };

/** The titles of the panels, by which they open each other. */
export type PanelTitle = 'Library' | 'Table' | 'Chart' | 'Conversation' | 'Export';

/** The schema, once it is loaded. */
export function useSchema(): GraphQLSchema | null {
  return useGraphiQL((state) => state.schema) ?? null;
}

/** Whether an operation of the editor is under way. */
export function useRunning(): boolean {
  return useGraphiQL((state) => state.isFetching);
}

/** Opens a panel in place of the one that is open, and moves the focus to it. */
export function useOpenPanel(): (title: PanelTitle) => void {
  const { setVisiblePlugin } = useGraphiQLActions();
  return (title) => {
    setVisiblePlugin(title);
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.panel')?.focus());
  };
}

/** The operation of the open tab: the texts of its editors, and the name of the operation that would run. */
export function useTab(): { query: string; variables: string; operationName: string | null } {
  const [query] = useOperationsEditorState();
  const [variables] = useVariablesEditorState();
  const operationName = useGraphiQL((state) => state.operationName) ?? null;
  return { query, variables, operationName };
}

/** Reads variables as GraphiQL does, comments and all. */
export function parseVariables(text: string): Record<string, unknown> {
  return tryParseJSONC(text) ?? {};
}

/** Puts an operation into a tab of its own, or into the tab that has it already, and runs it. */
export function useRunInTab(): ((query: string, variables: string) => void) | null {
  const { addTab, changeTab, run, stop } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  const latest = useRef({ tabs });
  latest.current = { tabs };
  if (!queryEditor || !variableEditor || !responseEditor) return null;
  return (query, variables) => {
    stop();
    if (queryEditor.getValue() !== query) {
      const open = latest.current.tabs.findIndex((tab) => tab.query === query);
      if (open >= 0) changeTab(open);
      else addTab();
      queryEditor.setValue(query);
    }
    variableEditor.setValue(variables);
    run();
  };
}
