import { GraphiQL } from 'graphiql';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { examples } from './examples';
import { createFetcher } from './fetcher';
import { FollowTheme } from './FollowTheme';
import { NoImagePreview } from './NoImagePreview';
import { plugins } from './plugins';
import { OpenLink } from './plugins/library/OpenLink';
import { RepairTabs } from './RepairTabs';
import { TokenDialog } from './TokenDialog';
import { ViewerBadge } from './ViewerBadge';
import { Workbench, WorkbenchProvider } from './workbench';

export function Playground() {
  const [workbench] = useState(() => new Workbench());
  const { session, answers } = workbench;
  const [fetcher] = useState(() => createFetcher(session, answers));
  const state = useSyncExternalStore(session.subscribe, () => session.state);
  useEffect(() => void session.begin(), [session]);
  return (
    <WorkbenchProvider value={workbench}>
      <h1 className="visually-hidden">sessiongraph Playground</h1>
      <GraphiQL
        fetcher={fetcher}
        plugins={plugins}
        // Where no other panel was open before.
        visiblePlugin="Library"
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
        <OpenLink />
        <RepairTabs />
        <FollowTheme />
      </GraphiQL>
      <TokenDialog session={session} state={state} />
    </WorkbenchProvider>
  );
}
