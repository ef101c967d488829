import type { GraphiQLPlugin } from '../graphiql';
import { ChartIcon } from '../icons';
import { guarded } from '../Panel';
import { ChartPanel } from './ChartPanel';

/** Draws the numbers of the last answer. */
export const chart: GraphiQLPlugin = { title: 'Chart', icon: ChartIcon, content: guarded('Chart', ChartPanel) };
