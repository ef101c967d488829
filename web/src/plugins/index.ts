import { HISTORY_PLUGIN } from 'graphiql';
import { chart } from './chart';
import { conversation } from './conversation';
import { explorer } from './explorer';
import { exporting } from './export';
import type { GraphiQLPlugin } from './graphiql';
import { library } from './library';
import { table } from './table';

/** The panels of the sidebar, in its order. GraphiQL puts the documentation before them. */
export const plugins: GraphiQLPlugin[] = [library, table, chart, conversation, exporting, explorer, HISTORY_PLUGIN];
