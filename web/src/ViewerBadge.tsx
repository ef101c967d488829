import type { Session, SessionState, Viewer } from './session';

/** Shows whose token operations are sent with, and whether personal data is masked. Without tokens it is empty. */
export function ViewerBadge({ session, state }: { session: Session; state: SessionState }) {
  const { viewer, needsToken } = state;
  if (!needsToken) return null;
  if (!viewer) {
    return (
      <span className="viewer-badge">
        <button type="button" className="graphiql-un-styled" onClick={() => void session.ask()}>
          Sign in
        </button>
      </span>
    );
  }
  const unmasked = viewer.scopes.includes('PII');
  return (
    <span className="viewer-badge">
      <span className="viewer-name" title={`${viewer.name} sees ${sees(viewer)}`}>
        {viewer.name || 'a token without a name'}
      </span>
      <span className={unmasked ? 'viewer-unmasked' : 'viewer-masked'}>
        <span className="viewer-long">personal data is </span>
        {unmasked ? 'unmasked' : 'masked'}
      </span>
      <button type="button" className="graphiql-un-styled" onClick={() => session.signOut()}>
        Sign out
      </button>
    </span>
  );
}

/** Says which sessions a viewer sees. */
function sees({ workflowIds, robotIds, channels }: Viewer): string {
  const rules = [
    ['workflow', workflowIds],
    ['robot', robotIds],
    ['channel', channels],
  ] as const;
  const limits = rules.filter(([, values]) => values.length > 0).map(([name, values]) => `${name} ${values.join(', ')}`);
  return limits.length > 0 ? `sessions of ${limits.join('; ')}` : 'all sessions';
}
