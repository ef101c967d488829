import { explorerPlugin } from '@graphiql/plugin-explorer';

/** Builds an operation by ticking the fields of the schema. */
export const explorer = explorerPlugin();
