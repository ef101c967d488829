import { HISTORY_PLUGIN } from 'graphiql';
import { conversation } from './conversation';
import { explorer } from './explorer';
import type { GraphiQLPlugin } from './graphiql';
import { table } from './table';

/** The panels of the sidebar, in its order. GraphiQL puts the documentation before them. */
export const plugins: GraphiQLPlugin[] = [table, conversation, explorer, HISTORY_PLUGIN];
