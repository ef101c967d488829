import type { GraphiQLPlugin } from '../graphiql';
import { ExportIcon } from '../icons';
import { guarded } from '../Panel';
import { ExportPanel } from './ExportPanel';

/** Saves the whole answer of the open tab's operation as a file. */
export const exporting: GraphiQLPlugin = {
  title: 'Export',
  icon: ExportIcon,
  content: guarded('Export', ExportPanel),
};
