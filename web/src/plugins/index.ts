import type { GraphiQLPlugin } from '@graphiql/react';
import { HISTORY_PLUGIN } from 'graphiql';
import { explorer } from './explorer';

/** The panels of the sidebar, in its order. GraphiQL puts the documentation before them. */
export const plugins: GraphiQLPlugin[] = [HISTORY_PLUGIN, explorer];
