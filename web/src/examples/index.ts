import conversation from './conversation.graphql?raw';
import filter from './filter.graphql?raw';
import intentionsByDay from './intentions-by-day.graphql?raw';
import latestSessions from './latest-sessions.graphql?raw';
import liveTail from './live-tail.graphql?raw';
import paging from './paging.graphql?raw';
import search from './search.graphql?raw';
import slotCatalogue from './slot-catalogue.graphql?raw';

/** The last 30 days: sessions of today are in it, whenever the page is opened for the first time. */
const lastDays = { gte: `${new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z` };

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
  {
    query: filter,
    variables: json({
      filter: { startedAt: lastDays, nerSlots: [{ name: 'rating', value: { in: ['1', '2'] } }] },
    }),
  },
  { query: search, variables: json({ search: 'thank' }) },
  { query: intentionsByDay, variables: json({ filter: { startedAt: lastDays }, timeZone: 'UTC' }) },
  { query: slotCatalogue, variables: json({ filter: {}, values: 5 }) },
  { query: liveTail, variables: json({ filter: {}, after: null }) },
];

function json(variables: Record<string, unknown>): string {
  return JSON.stringify(variables, null, 2);
}
