import conversation from './conversation.graphql?raw';
import latestSessions from './latest-sessions.graphql?raw';
import liveTail from './live-tail.graphql?raw';
import paging from './paging.graphql?raw';

/** An operation that opens in a tab of its own. The tab is named after the operation. */
export interface Example {
  query: string;
  /** The text of the Variables pane, JSON. */
  variables?: string;
}

/**
 * The tabs of a first visit, in their order.
 * The first can have no variables: GraphiQL does not fill the pane for the tab that it opens with.
 */
export const examples: Example[] = [
  { query: latestSessions },
  { query: conversation, variables: json({ filter: {} }) },
  { query: paging, variables: json({ first: 5, after: null }) },
  { query: liveTail, variables: json({ filter: {}, after: null }) },
];

function json(variables: Record<string, unknown>): string {
  return JSON.stringify(variables, null, 2);
}
