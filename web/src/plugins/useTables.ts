import { parse } from 'graphql';
import { useMemo } from 'react';
import type { Answer } from '../answer/answers';
import { operationOf, selectionOf } from '../answer/selection';
import { type Table, tablesOf } from '../answer/tables';
import { useStore } from '../store';
import { useWorkbench } from '../workbench';
import { useSchema } from './graphiql';

/** The answer that the panels show, as tables. */
export interface AnswerTables {
  answer: Answer;
  /** The name of its operation; '' without one. */
  name: string;
  /** None where the answer has nothing but errors. */
  tables: Table[];
}

/** The last answer to an operation of the editor, as tables; null before the first. */
export function useTables(): AnswerTables | null {
  const schema = useSchema();
  const answer = useStore(useWorkbench().answers);
  return useMemo(() => {
    if (!schema || !answer) return null;
    const { query, operationName, variables, result } = answer;
    try {
      const document = parse(query, { noLocation: true });
      const operation = operationOf(document, operationName);
      if (operation && result.data) {
        const roots = selectionOf(schema, document, operation, variables);
        return { answer, name: operation.name?.value ?? '', tables: tablesOf(roots, result.data) };
      }
      return { answer, name: operation?.name?.value ?? '', tables: [] };
    } catch {
      // An operation that cannot be parsed has errors for its answer.
    }
    return { answer, name: '', tables: [] };
  }, [schema, answer]);
}
