import type { GraphiQLPlugin } from '../graphiql';
import { LibraryIcon } from '../icons';
import { guarded } from '../Panel';
import { LibraryPanel } from './LibraryPanel';

/** The operations that the server offers, by the question that each answers. */
export const library: GraphiQLPlugin = { title: 'Library', icon: LibraryIcon, content: guarded('Library', LibraryPanel) };
