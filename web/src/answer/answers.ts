import type { ExecutionResult } from 'graphql';
import { Store } from '../store';
import type { Variables } from './selection';

/** An operation that was sent, and the last that came back for it. */
export interface Answer {
  query: string;
  operationName: string | null;
  variables: Variables;
  result: ExecutionResult<Record<string, unknown>>;
  /** When it arrived, in milliseconds since 1970. */
  at: number;
}

/** The answer that the panels show: the last one to an operation of the editor. */
export class Answers extends Store<Answer | null> {
  constructor() {
    super(null);
  }
}
