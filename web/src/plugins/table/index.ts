import type { GraphiQLPlugin } from '../graphiql';
import { TableIcon } from '../icons';
import { guarded } from '../Panel';
import { TablePanel } from './TablePanel';

/** Shows the last answer as a table. */
export const table: GraphiQLPlugin = { title: 'Table', icon: TableIcon, content: guarded('Table', TablePanel) };
