import { GraphiQL } from 'graphiql';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { examples } from './examples';
import { createFetcher, url } from './fetcher';
import { NoImagePreview } from './NoImagePreview';
import { plugins } from './plugins';
import { Session } from './session';
import { TokenDialog } from './TokenDialog';
import { ViewerBadge } from './ViewerBadge';

export function Playground() {
  const [session] = useState(() => new Session(url.href));
  const [fetcher] = useState(() => createFetcher(session));
  const state = useSyncExternalStore(session.subscribe, () => session.state);
  useEffect(() => void session.begin(), [session]);
  return (
    <>
      <GraphiQL
        fetcher={fetcher}
        plugins={plugins}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
        // The history would store a token that stands in a header.
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
      >
        <GraphiQL.Logo>
          <ViewerBadge session={session} state={state} />
          <span className="wordmark">
            session<em>graph</em>
          </span>
        </GraphiQL.Logo>
        <NoImagePreview />
      </GraphiQL>
      <TokenDialog session={session} state={state} />
    </>
  );
}
