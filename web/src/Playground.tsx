import { GraphiQL } from 'graphiql';
import { examples } from './examples';
import { fetcher } from './fetcher';
import { NoImagePreview } from './NoImagePreview';
import { plugins } from './plugins';

export function Playground() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      defaultTabs={examples}
      defaultEditorToolsVisibility="variables"
    >
      <GraphiQL.Logo>
        session<em>graph</em>
      </GraphiQL.Logo>
      <NoImagePreview />
    </GraphiQL>
  );
}
